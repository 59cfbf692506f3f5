package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres"
)

func newIndex(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "index",
		Short: "export, import, verify and count the sidecar's index",
		Long: `Export, import, verify and count the sidecar's index, in a data directory or in
PostgreSQL. A data directory belongs to one process at a time: stop serve first.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usagef("index needs export, import, verify or stats") },
	}
	c.AddCommand(
		a.newIndexExport(),
		newIndexCommand("import", "read an export from stdin into an empty index", a.importIndex),
		newIndexCommand("verify", "check the file and look every handle up; exit code 1 if something is wrong", a.verifyIndex),
		newIndexCommand("stats", "count identities, and handles by state", a.indexStats),
	)
	return c
}

// indexFlags are the flags that say which index is meant.
type indexFlags struct{ dataDir, dsnFile string }

func (f *indexFlags) add(c *cobra.Command) {
	c.Use += " --data-dir DIR | --postgres-dsn-file FILE"
	c.Flags().StringVar(&f.dataDir, "data-dir", "", "`DIR` of the index")
	c.Flags().StringVar(&f.dsnFile, "postgres-dsn-file", "", "`FILE` with the DSN of the database")
	c.MarkFlagsOneRequired("data-dir", "postgres-dsn-file")
	c.MarkFlagsMutuallyExclusive("data-dir", "postgres-dsn-file")
}

// newIndexExport makes the command that only reads, so that it works on an index
// of a newer or an older program and changes nothing.
func (a *app) newIndexExport() *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "write the index to stdout, as lines of JSON",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := indexIsMissing(f.dataDir, f.dsnFile, false); err != nil {
				return err
			}
			s, err := openIndexReader(cmd.Context(), f)
			if err != nil {
				return err
			}
			return errors.Join(a.exportIndex(cmd.Context(), s), s.Close())
		},
	}
	f.add(c)
	return c
}

type indexReader interface {
	index.Source
	io.Closer
}

func openIndexReader(ctx context.Context, f indexFlags) (indexReader, error) {
	if f.dsnFile == "" {
		return bolt.OpenReader(f.dataDir)
	}
	dsn, err := readDSN(f.dsnFile)
	if err != nil {
		return nil, err
	}
	return postgres.OpenReader(ctx, dsn)
}

// newIndexCommand makes a command that works on an open store.
func newIndexCommand(name, short string, do func(context.Context, index.Store) error) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := indexIsMissing(f.dataDir, f.dsnFile, name == "import")
			if err != nil {
				return err
			}
			s, err := openIndex(cmd.Context(), f.dataDir, f.dsnFile)
			if err != nil {
				return err
			}
			err = do(cmd.Context(), s)
			if closed := s.Close(); err == nil {
				err = closed
			}
			if err != nil && made { // so that it can be tried again
				err = errors.Join(err, bolt.Remove(f.dataDir))
			}
			return err
		},
	}
	f.add(c)
	return c
}

// indexIsMissing tells whether an index in a directory has to be made, which is
// an error where that may not be.
func indexIsMissing(dataDir, dsnFile string, create bool) (bool, error) {
	switch {
	case dsnFile != "":
		return false, nil
	case dataDir == "":
		return false, usagef("--data-dir and --postgres-dsn-file are empty")
	}
	exists, err := bolt.Exists(dataDir)
	if err == nil && !exists && !create {
		err = fmt.Errorf("there is no index in %q", dataDir)
	}
	return !exists, err
}

func openIndex(ctx context.Context, dataDir, dsnFile string) (index.Store, error) {
	if dsnFile != "" {
		dsn, err := readDSN(dsnFile)
		if err != nil {
			return nil, err
		}
		s, err := postgres.Open(ctx, dsn)
		if err != nil {
			return nil, err // not s: a nil *Store is no nil Store
		}
		return s, nil
	}
	s, err := bolt.Open(dataDir)
	if err != nil {
		return nil, err // as above
	}
	return s, nil
}

func readDSN(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("postgres dsn file: %w", err)
	}
	dsn := strings.TrimSpace(string(raw))
	if dsn == "" {
		return "", fmt.Errorf("postgres dsn file %q is empty", path)
	}
	return dsn, nil
}

func (a *app) exportIndex(ctx context.Context, s index.Source) error {
	n, err := index.Export(ctx, s, a.stdout)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintf(a.stderr, "exported %d identities\n", n)
	return err
}

func (a *app) importIndex(ctx context.Context, s index.Store) error {
	n, err := index.Import(ctx, s, a.stdin)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	_, err = fmt.Fprintf(a.stderr, "imported %d identities\n", n)
	return err
}

func (a *app) verifyIndex(ctx context.Context, s index.Store) error {
	problems := 0
	counted, err := index.Verify(ctx, s, func(problem string) {
		problems++
		_, _ = fmt.Fprintln(a.stdout, problem) // counted all the same
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if problems > 0 {
		return findings()
	}
	_, err = fmt.Fprintf(a.stderr, "%d identities are as they should be\n", counted.Identities)
	return err
}

func (a *app) indexStats(ctx context.Context, s index.Store) error {
	st, err := s.Stats(ctx)
	if err != nil {
		return err
	}
	meta, err := s.Meta(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, `complete:    %t
identities:  %d
deleted:     %d
active:      %d
orphaned:    %d
removed:     %d
unknown:     %d
`, !meta.BuiltAt.IsZero(), st.Identities, st.Deleted, st.Active, st.Orphaned, st.Removed, st.Unknown)
	return err
}
