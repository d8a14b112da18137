using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Prediction;

namespace NnCluster.Shared.Tests.Prediction;

public sealed class PredictRowTests
{
    private static readonly Preparation Flowers = new()
    {
        Task = ModelTask.Classification,
        Target = "kind",
        Columns =
        [
            new NumberColumn("length") { Shift = 10, Scale = 0.5, Fill = 11 },
            new CategoryColumn("colour", ["red", "white"]) { Fill = "white" },
        ],
        Classes = ["lily", "rose", "tulip"],
        ClassRows = [1, 1, 1],
    };

    private static readonly ModelSpec Spec = new() { Inputs = 3, Outputs = 3, Hidden = [] };

    // Weights (classes, features): the first class likes length, the second red, the third white.
    private static Predictor Create(Preparation? preparation)
    {
        var layout = ParameterLayout.For(Spec);
        float[] state = new float[layout.StateLength];
        ((float[])[1, 0, 0, 0, 1, 0, 0, 0, 1]).AsSpan().CopyTo(layout.Tensors[0].Of(state.AsSpan()));
        return new(Spec, state, preparation: preparation);
    }

    [Fact]
    public void A_row_is_answered_by_the_names_of_its_columns()
    {
        using Predictor predictor = Create(Flowers);
        RowAnswer answer = predictor.PredictRow(new Dictionary<string, object?> { ["colour"] = "red", ["length"] = 8, ["further"] = "x" });
        Assert.Equal(("rose", null), (answer.Class, answer.Value));
        float[] expected = predictor.Predict([-1, 1, 0]);
        Assert.Equal([expected[0], expected[1], expected[2]], [answer.Probabilities["lily"], answer.Probabilities["rose"], answer.Probabilities["tulip"]]);
    }

    [Theory]
    [InlineData(null, null, "tulip")]
    [InlineData("20", "red", "lily")]
    [InlineData(20.0, " red ", "lily")]
    [InlineData(8f, "NA", "tulip")]
    public void Texts_numbers_and_missing_values_are_read_as_in_a_file(object? length, string? colour, string expected)
    {
        using Predictor predictor = Create(Flowers);
        Assert.Equal(expected, predictor.PredictRow(new Dictionary<string, object?> { ["length"] = length, ["colour"] = colour }).Class);
    }

    [Theory]
    [InlineData("long", "red", "length has \"long\"")]
    public void A_value_that_does_not_fit_is_named(string length, string colour, string message)
    {
        using Predictor predictor = Create(Flowers);
        BadInputException wrong = Assert.Throws<BadInputException>(
            () => predictor.PredictRow(new Dictionary<string, object?> { ["length"] = length, ["colour"] = colour }));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_no_category_is_answered_with_a_warning()
    {
        using Predictor predictor = Create(Flowers);
        RowAnswer answer = predictor.PredictRow(new Dictionary<string, object?> { ["length"] = 8, ["colour"] = "blue" });
        Assert.Contains("colour has \"blue\", which is no category of the training rows", Assert.Single(answer.Warnings), StringComparison.Ordinal);
        Assert.Equal(predictor.Predict([-1, 0, 0])[1], answer.Probabilities["rose"]);
        Assert.Empty(predictor.PredictRow(new Dictionary<string, object?> { ["length"] = 8, ["colour"] = "red" }).Warnings);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    [InlineData(1, 2)]
    [InlineData(1.0, 2)]
    public void A_boolean_or_a_number_is_the_category_that_says_the_same(object value, int feature)
    {
        Preparation typed = Flowers with { Columns = [new CategoryColumn("value", ["False", "True", "1.0"])] };
        using Predictor predictor = Create(typed);
        RowAnswer answer = predictor.PredictRow(new Dictionary<string, object?> { ["value"] = value });
        float[] features = new float[3];
        features[feature] = 1;
        Assert.Empty(answer.Warnings);
        Assert.Equal(predictor.Predict(features)[0], answer.Probabilities["lily"]);
    }

    [Fact]
    public void A_missing_column_is_named()
    {
        using Predictor predictor = Create(Flowers);
        BadInputException wrong = Assert.Throws<BadInputException>(() => predictor.PredictRow(new Dictionary<string, object?> { ["length"] = 1 }));
        Assert.Contains("has no column colour", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_a_preparation_has_no_names()
    {
        using Predictor predictor = Create(null);
        Assert.Throws<InvalidOperationException>(() => predictor.PredictRow(new Dictionary<string, object?>()));
    }

    [Fact]
    public void A_preparation_is_read_as_it_was_written()
    {
        Assert.Equal(Flowers, Preparation.Parse(Flowers.ToJson(), "test"));
        Preparation price = Flowers with { Task = ModelTask.Regression, Classes = [], ClassRows = [], TargetMean = 3.5, TargetScale = 2, BaselineTarget = 3.5 };
        Assert.Equal(price, Preparation.Parse(price.ToJson(), "test"));
        Assert.NotEqual(Flowers, price);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"task\":\"Classification\",\"target\":\"y\",\"columns\":[]}")]
    [InlineData("{\"task\":\"Other\",\"target\":\"y\",\"columns\":[{\"kind\":\"number\",\"name\":\"x\"}]}")]
    [InlineData("{\"task\":\"Regression\",\"target\":\"y\",\"columns\":[{\"kind\":\"poem\",\"name\":\"x\"}]}")]
    public void What_is_no_preparation_is_refused_with_its_source(string json) =>
        Assert.StartsWith("test: ", Assert.Throws<BadInputException>(() => Preparation.Parse(json, "test")).Message, StringComparison.Ordinal);
}
