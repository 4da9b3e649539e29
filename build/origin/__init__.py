"""What an archive of ours bundles: components, their licences and an SBOM. See docs/origin.md."""
