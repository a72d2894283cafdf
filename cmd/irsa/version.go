package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(env environment, output *outputFormat) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this binary",
		Example: "  irsa version --output json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version := buildVersion()
			if *output == outputJSON {
				return printJSON(env, map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(env.stdout, "irsa %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// linkedVersion is set by the linker where a build knows its version otherwise than from the module or version control: that of the image.
var linkedVersion string

// buildVersion is the linked version if there is one, else the module's where the binary was installed as a module, else the commit, else "development".
func buildVersion() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "development-" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return "development"
}
