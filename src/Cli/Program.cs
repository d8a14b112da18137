return await NnCluster.Cli.Commands.Application.RunAsync(args);
