using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>
/// Answers for images, printed as they come; an unusable file is reported in one line, and the other images are still answered.
/// </summary>
internal sealed class ImagePredictions
{
    private const int TopClasses = 3;

    private readonly JsonArray _predictions = [];
    private readonly JsonArray _errors = [];

    /// <summary>Whether the model is a regression: its outputs are values.</summary>
    public required bool IsRegression { get; init; }

    /// <summary>Names of the classes; numbers if it is empty.</summary>
    public required ImmutableArray<string> ClassNames { get; init; }

    /// <summary>Whether the outputs are probabilities.</summary>
    public required bool GivesProbabilities { get; init; }

    /// <summary>Step of the run that the model comes from; null if it is not known.</summary>
    public required long? Step { get; init; }

    /// <summary>Whether all is printed as one JSON object at the end.</summary>
    public required bool AsJson { get; init; }

    /// <summary>Answers the images of one input.</summary>
    /// <param name="input">The input, for messages.</param>
    /// <param name="images">Names and outputs of its images; throws <see cref="BadInputException"/> if they cannot be used.</param>
    public void Add(string input, IEnumerable<(string Image, float[] Outputs)> images)
    {
        try
        {
            foreach ((string image, float[] outputs) in images)
            {
                Add(image, outputs);
            }
        }
        catch (BadInputException wrong)
        {
            string reason = OptionNames.MessageOf(wrong);
            Console.Error.WriteLine(reason);
            _errors.Add(new JsonObject { ["image"] = input, ["error"] = reason });
        }
    }

    /// <summary>Prints what is left.</summary>
    /// <returns>The exit code: bad input if an image could not be used.</returns>
    public int Finish()
    {
        if (AsJson)
        {
            var all = new JsonObject { ["step"] = Step, ["predictions"] = _predictions };
            if (_errors.Count > 0)
            {
                all["errors"] = _errors;
            }

            Console.Out.WriteLine(all.ToJsonString());
        }

        return _errors.Count > 0 ? ExitCode.BadInput : ExitCode.Done;
    }

    private void Add(string image, float[] outputs)
    {
        if (IsRegression)
        {
            _predictions.Add(new JsonObject { ["image"] = image, ["prediction"] = JsonNumbers.Of(outputs[0]) });
            Print($"{image}: {outputs[0].ToString("R", CultureInfo.InvariantCulture)}");
            return;
        }

        ImmutableArray<string> names = ClassNames.Length == outputs.Length ? ClassNames : [.. Enumerable.Range(0, outputs.Length).Select(c => $"{c}")];
        int[] order = [.. Enumerable.Range(0, outputs.Length).OrderByDescending(c => outputs[c])];
        _predictions.Add(new JsonObject
        {
            ["image"] = image,
            ["class"] = order[0],
            ["className"] = names[order[0]],
            [GivesProbabilities ? "probabilities" : "outputs"] = new JsonArray([.. outputs.Select(value => JsonNumbers.Of(value))]),
        });
        string Share(int c) => GivesProbabilities
            ? (100 * outputs[c]).ToString("0.0", CultureInfo.InvariantCulture) + " %"
            : outputs[c].ToString("0.000", CultureInfo.InvariantCulture);
        Print($"{image}: {names[order[0]]} ({Share(order[0])}); then "
            + string.Join(", ", order.Skip(1).Take(TopClasses - 1).Select(c => $"{names[c]} ({Share(c)})")));
    }

    private void Print(string line)
    {
        if (!AsJson)
        {
            Console.Out.WriteLine(line);
        }
    }
}
