using NnCluster.Prediction;

WebApplication app = WebApplication.Create(args);
using Predictor predictor = Predictor.Load(app.Configuration["model"] ?? "points.safetensors");

// One predictor answers all requests; any number of threads may call it at once.
app.MapPost("/predict", (float[] row) => row.Length == predictor.Inputs
    ? Results.Ok(new { answer = predictor.Classify(row), probabilities = predictor.Predict(row) })
    : Results.BadRequest($"expected {predictor.Inputs} numbers, not {row.Length}"));
app.Run();
