using NnCluster;
using NnCluster.Data;

// Points of a square; class 1 inside a circle, class 0 outside.
var random = new Random(1);
float[] features = [.. Enumerable.Range(0, 2000).Select(_ => (random.NextSingle() * 4) - 2)]; // (1000, 2), row by row
int[] labels = [.. features.Chunk(2).Select(point => MathF.Sqrt((point[0] * point[0]) + (point[1] * point[1])) < 1.5f ? 1 : 0)]; // (1000)

Dataset data = Dataset.FromArrays(features, columns: 2, labels, testFraction: 0.2, seed: 1);
var spec = new TrainingSpec { Hidden = [new() { Units = 32 }], Epochs = 40, BatchSize = 32 };
TrainingResult result = await Trainer.TrainAsync(data, spec);

Console.WriteLine($"test accuracy {result.Summary.TestAccuracy:P1}");
result.Save(args is [string path] ? path : "points.safetensors");
