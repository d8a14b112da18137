return await NnCluster.Coordinator.Cli.Application.RunAsync(args);
