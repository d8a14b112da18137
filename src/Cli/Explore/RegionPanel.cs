using NnCluster.Cli.Reporting;
using NnCluster.Data;
using ScottPlot;
using SkiaSharp;

namespace NnCluster.Cli.Explore;

/// <summary>Panel of the decision regions of a model, with the points as coloured circles, as in CS231n's figures.</summary>
internal static class RegionPanel
{
    // Opacity of a class's colour: least where the probability is 0.5, most where it is 0 or 1.
    private const double LeastTint = 0.16;
    private const double MostTint = 0.42;

    public static Plot Create(string title, DecisionRegions regions, DataSplit points)
    {
        Plot plot = FigureStyle.CreatePanel(title, string.Empty, string.Empty);
        plot.Title(title, 23);
        plot.Axes.Left.MinimumSize = 18;
        plot.Axes.Left.MaximumSize = 18;
        plot.Axes.Right.MinimumSize = 18;
        plot.Axes.Bottom.MinimumSize = 18;
        plot.Axes.Bottom.MaximumSize = 18;
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.EmptyTickGenerator();
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.EmptyTickGenerator();
        plot.Axes.Top.FrameLineStyle.IsVisible = true;
        plot.Axes.Right.FrameLineStyle.IsVisible = true;
        using SKBitmap bitmap = Paint(regions);
        plot.Add.ImageRect(new Image(bitmap), regions.Extent);
        AddBoundary(plot, regions);
        for (int label = 0; label < 2; label++)
        {
            AddPoints(plot, points, label);
        }

        plot.Axes.SetLimits(regions.Extent.Left, regions.Extent.Right, regions.Extent.Bottom, regions.Extent.Top);
        return plot;
    }

    private static SKBitmap Paint(DecisionRegions regions)
    {
        var pixels = new SKColor[DecisionRegions.Side * DecisionRegions.Side];
        for (int row = 0; row < DecisionRegions.Side; row++)
        {
            for (int column = 0; column < DecisionRegions.Side; column++)
            {
                double p = regions[column, row];
                Color tint = FigureStyle.Colour(p > 0.5 ? 1 : 0);
                double strength = LeastTint + ((MostTint - LeastTint) * Math.Abs((2 * p) - 1));
                byte Mix(byte channel) => (byte)Math.Round(255 + (strength * (channel - 255)));
                pixels[((DecisionRegions.Side - 1 - row) * DecisionRegions.Side) + column] = new(Mix(tint.R), Mix(tint.G), Mix(tint.B));
            }
        }

        return new(DecisionRegions.Side, DecisionRegions.Side) { Pixels = pixels };
    }

    private static void AddBoundary(Plot plot, DecisionRegions regions)
    {
        const int side = DecisionRegions.Side;
        var heights = new Coordinates3d[side, side];
        bool one = false;
        bool other = false;
        for (int row = 0; row < side; row++)
        {
            for (int column = 0; column < side; column++)
            {
                double p = regions[column, row];
                heights[row, column] = new(
                    regions.Extent.Left + ((column + 0.5) * regions.Extent.Width / side),
                    regions.Extent.Bottom + ((row + 0.5) * regions.Extent.Height / side),
                    p);
                one |= p > 0.5;
                other |= p <= 0.5;
            }
        }

        if (one && other)
        {
            ScottPlot.Plottables.ContourLines line = plot.Add.ContourLines(heights, 1);
            line.ContourLineLevels = [0.5];
            line.LineColor = Colors.Black.WithOpacity(0.65);
            line.LineWidth = 1.6f;
            line.LabelStyle.IsVisible = false;
            line.Update(heights);
        }
    }

    private static void AddPoints(Plot plot, DataSplit points, int label)
    {
        float[] xy = new float[2];
        var places = new List<Coordinates>();
        for (int i = 0; i < points.Rows; i++)
        {
            if (points.Labels[i] == label)
            {
                points.Copy(i, 1, xy);
                places.Add(new(xy[0], xy[1]));
            }
        }

        ScottPlot.Plottables.Markers markers = plot.Add.Markers(places, MarkerShape.FilledCircle, 11);
        markers.MarkerFillColor = FigureStyle.Colour(label);
        markers.MarkerLineColor = Colors.White;
        markers.MarkerLineWidth = 1.5f;
    }
}
