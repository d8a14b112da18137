using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

// Every test runs several processes; more at once than cores only makes all of them late.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
