using NnCluster.Persistence;
using ScottPlot;
using SkiaSharp;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Figure of the learning curves of one run or several. The upper panel has the loss of every minibatch; the lower panel has
/// the accuracy after each epoch, or the loss for regression.
/// </summary>
public static class LearningCurves
{
    /// <summary>Draws one run.</summary>
    /// <inheritdoc cref="Draw(IReadOnlyList{ValueTuple{string, RunHistory}}, string, int, int)"/>
    public static void Draw(string name, RunHistory history, string path, int width = 1400, int height = 1100) =>
        Draw([(name, history)], path, width, height);

    /// <summary>Draws one run or several, and writes the figure to a .png or .svg file.</summary>
    /// <param name="runs">The runs, with their names in the legend.</param>
    /// <param name="path">The file; its extension decides the format.</param>
    /// <param name="width">Width, in pixels.</param>
    /// <param name="height">Height, in pixels.</param>
    /// <exception cref="BadInputException">The extension is neither .png nor .svg, or there is no run.</exception>
    /// <exception cref="RunDirectoryException">The file cannot be written.</exception>
    public static void Draw(IReadOnlyList<(string Name, RunHistory History)> runs, string path, int width = 1400, int height = 1100)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(path);
        if (runs.Count == 0)
        {
            throw new BadInputException("Nothing to plot: give at least one run");
        }

        FigureImage.Write(path, width, height, canvas => Render(runs, canvas, width, height));
    }

    /// <summary>Renders the figure as a PNG, for a report that embeds it.</summary>
    public static byte[] Png(IReadOnlyList<(string Name, RunHistory History)> runs, int width = 1400, int height = 1100) =>
        FigureImage.Png(width, height, canvas => Render(runs, canvas, width, height));

    /// <summary>Renders the figure as an SVG document, in UTF-8.</summary>
    public static byte[] Svg(IReadOnlyList<(string Name, RunHistory History)> runs, int width = 1400, int height = 1100) =>
        FigureImage.Svg(width, height, canvas => Render(runs, canvas, width, height));

    private static void Render(IReadOnlyList<(string Name, RunHistory History)> runs, SKCanvas canvas, int width, int height)
    {
        using Plot loss = LossPanel.Create(runs);
        using Plot accuracy = AccuracyPanel.Create(runs);
        int middle = height / 2;
        loss.Render(canvas, new PixelRect(0, width, middle, 0));
        accuracy.Render(canvas, new PixelRect(0, width, height, middle));
    }
}
