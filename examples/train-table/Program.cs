using NnCluster;
using NnCluster.Data;
using NnCluster.Prediction;

// Texts become categories and missing values are filled. Both are fitted to the training rows and kept in the model.
Dataset data = Dataset.FromTable("flowers.csv", new() { Target = "kind", Splits = new() { Validation = 0.1 } });
var spec = new TrainingSpec { Hidden = [new() { Units = 32 }], Epochs = 100, BatchSize = 16, Patience = 10 };
TrainingResult result = await Trainer.TrainAsync(data, spec);
Console.WriteLine($"test accuracy {result.Summary.TestAccuracy:P1}, after epoch {result.Summary.BestEpoch}");
result.Save("flowers.safetensors");

using Predictor predictor = Predictor.Load("flowers.safetensors");
RowAnswer answer = predictor.PredictRow(new Dictionary<string, object?> { ["length"] = 10.5, ["width"] = null, ["colour"] = "red" });
Console.WriteLine($"{answer.Class}, with probability {answer.Probabilities[answer.Class!]:0.00}");
