using System.Collections.Immutable;
using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Reporting;

/// <summary>What the panels of a figure share: font, sizes, colours, axes.</summary>
internal static class FigureStyle
{
    // Okabe and Ito (2008): distinguishable with every kind of colour vision.
    private static readonly ImmutableArray<string> Palette =
        ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444", "#B8A700"];

    public static Color Colour(int index) => Color.FromHex(Palette[index % Palette.Length]);

    /// <summary>A plot with title, axis title and whole numbers along the bottom; the left edges of panels line up.</summary>
    public static Plot CreatePanel(string title, string bottom, string left)
    {
        const float leftPixels = 105;
        var plot = new Plot();
        // Panels share a canvas.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Font.Set(FigureFont.Family);
        plot.Title(title, 26);
        plot.Axes.Title.Label.Font = Fonts.GetTypeface(FigureFont.Family, bold: true, italic: false);
        plot.XLabel(bottom, 20);
        plot.YLabel(left, 20);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 17;
        plot.Axes.Left.TickLabelStyle.FontSize = 17;
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        plot.Axes.Left.MinimumSize = leftPixels;
        plot.Axes.Left.MaximumSize = leftPixels;
        plot.Axes.Right.MinimumSize = 36;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic
        {
            IntegerTicksOnly = true,
            TickDensity = 0.6,
            MinorTickGenerator = new EvenlySpacedMinorTickGenerator(1),
            LabelFormatter = value => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' '),
        };
        plot.Grid.MajorLineColor = Colors.Black.WithOpacity(0.10);
        plot.Legend.FontName = FigureFont.Family;
        plot.Legend.FontSize = 18;
        plot.Legend.SymbolWidth = 44;
        plot.Legend.OutlineColor = Colors.Black.WithOpacity(0.15);
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.BackgroundColor = Colors.White.WithOpacity(0.9);
        return plot;
    }

    /// <summary>Says so where there is nothing to draw.</summary>
    public static void SayEmpty(Plot plot, string text)
    {
        plot.Axes.SetLimits(0, 1, 0, 1);
        ScottPlot.Plottables.Text label = plot.Add.Text(text, 0.5, 0.5);
        label.LabelFontName = FigureFont.Family;
        label.LabelFontSize = 22;
        label.LabelFontColor = Colors.Gray;
        label.LabelAlignment = Alignment.MiddleCenter;
    }
}
