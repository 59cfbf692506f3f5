package sidecarcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/postgres"
)

// NewIndex returns the commands that work on an index.
func NewIndex(a *cli.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "index",
		Short: "export, import, verify and count the sidecar's index",
		Long: `Exports, imports, verifies and counts the sidecar's index, in a data directory
or in PostgreSQL. A data directory belongs to one process at a time: stop serve
first.`,
	}
	return cli.Parent(c,
		newIndexExport(a),
		newIndexCommand(a, "import", "read an export from stdin into an empty index", importIndex),
		newIndexCommand(a, "verify", "check the file and look up every handle; exit code 1 if something is wrong", verifyIndex),
		newIndexCommand(a, "stats", "count identities, and handles by state", indexStats),
	)
}

// indexFlags select the index.
type indexFlags struct{ dataDir, dsnFile string }

func (f *indexFlags) add(c *cobra.Command) {
	c.Use += " --data-dir DIR | --postgres-dsn-file FILE"
	c.Flags().StringVar(&f.dataDir, "data-dir", "", "`DIR` of the index")
	c.Flags().StringVar(&f.dsnFile, "postgres-dsn-file", "", "`FILE` with the DSN of the database")
	c.MarkFlagsOneRequired("data-dir", "postgres-dsn-file")
	c.MarkFlagsMutuallyExclusive("data-dir", "postgres-dsn-file")
}

// newIndexExport returns the command that only reads, so that it works on an index
// of a newer or an older version and changes nothing.
func newIndexExport(a *cli.App) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "write the index to stdout as JSON lines",
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := indexIsMissing(f.dataDir, f.dsnFile, false); err != nil {
				return err
			}
			s, err := openIndexReader(cmd.Context(), f)
			if err != nil {
				return err
			}
			return errors.Join(exportIndex(cmd.Context(), a, s), s.Close())
		},
	}
	f.add(c)
	return cli.Graceful(c)
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

// newIndexCommand returns a command that works on an open store.
func newIndexCommand(a *cli.App, name, short string, do func(context.Context, *cli.App, index.Store) error) *cobra.Command {
	var f indexFlags
	c := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := indexIsMissing(f.dataDir, f.dsnFile, name == "import")
			if err != nil {
				return err
			}
			s, err := openIndex(cmd.Context(), f.dataDir, f.dsnFile)
			if err != nil {
				return err
			}
			err = do(cmd.Context(), a, s)
			if closed := s.Close(); err == nil {
				err = closed
			}
			if err != nil && made { // so that the command can be repeated
				err = errors.Join(err, bolt.Remove(f.dataDir))
			}
			return err
		},
	}
	f.add(c)
	return cli.Graceful(c)
}

// indexIsMissing reports whether an index must be created in a directory. It returns
// an error if create is false.
func indexIsMissing(dataDir, dsnFile string, create bool) (bool, error) {
	switch {
	case dsnFile != "":
		return false, nil
	case dataDir == "":
		return false, cli.Usagef("--data-dir and --postgres-dsn-file are empty")
	}
	exists, err := bolt.Exists(dataDir)
	if err == nil && !exists && !create {
		err = fmt.Errorf("no index found in %q", dataDir)
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
			return nil, err // not s: a nil *Store in an interface is not nil
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
		return "", fmt.Errorf("PostgreSQL DSN file: %w", err)
	}
	dsn := strings.TrimSpace(string(raw))
	if dsn == "" {
		return "", fmt.Errorf("PostgreSQL DSN file %q is empty", path)
	}
	return dsn, nil
}

func exportIndex(ctx context.Context, a *cli.App, s index.Source) error {
	n, err := index.Export(ctx, s, a.Stdout)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintf(a.Stderr, "exported %d identities\n", n)
	return err
}

func importIndex(ctx context.Context, a *cli.App, s index.Store) error {
	n, err := index.Import(ctx, s, a.Stdin)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	_, err = fmt.Fprintf(a.Stderr, "imported %d identities\n", n)
	return err
}

func verifyIndex(ctx context.Context, a *cli.App, s index.Store) error {
	problems := 0
	counted, err := index.Verify(ctx, s, func(problem string) {
		problems++
		_, _ = fmt.Fprintln(a.Stdout, problem) // the exit code does not depend on it
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if problems > 0 {
		return cli.Findings()
	}
	_, err = fmt.Fprintf(a.Stderr, "%d identities verified\n", counted.Identities)
	return err
}

func indexStats(ctx context.Context, a *cli.App, s index.Store) error {
	st, err := s.Stats(ctx)
	if err != nil {
		return err
	}
	meta, err := s.Meta(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, `complete:    %t
identities:  %d
deleted:     %d
active:      %d
orphaned:    %d
removed:     %d
unknown:     %d
`, !meta.BuiltAt.IsZero(), st.Identities, st.Deleted, st.Active, st.Orphaned, st.Removed, st.Unknown)
	return err
}
