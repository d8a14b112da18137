// Every test runs several processes; more at once than cores only makes all of them late.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
