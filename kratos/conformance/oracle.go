// Package conformance compares pkg/config/kratosconf with Kratos' own configuration
// loader, for files and environments. It is a separate module because the loader
// depends on 180 packages.
package conformance

import (
	"context"
	"fmt"

	"github.com/ory/kratos/embedx"
	"github.com/ory/x/configx"
)

// Merge loads files in order and then this process' environment, exactly as
// Kratos v1.3.1 does at start (driver/config/config.go, New), without checking
// the result against the schema. The tree includes the schema's defaults.
func Merge(ctx context.Context, files ...string) (map[string]any, error) {
	return load(ctx, files, configx.SkipValidation())
}

// Validate does the same and has the result checked, as Kratos does before it
// starts.
func Validate(ctx context.Context, files ...string) error {
	_, err := load(ctx, files)
	return err
}

func load(ctx context.Context, files []string, options ...configx.OptionModifier) (map[string]any, error) {
	// The file watchers that configx starts end with the context.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	provider, err := configx.New(ctx, []byte(embedx.ConfigSchema), append(options, configx.WithConfigFiles(files...))...)
	if err != nil {
		return nil, fmt.Errorf("kratos rejects the configuration: %w", err)
	}
	return provider.Raw(), nil
}
