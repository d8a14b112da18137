using System.Collections.Immutable;
using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Reporting;

/// <summary>Style that all panels share: font, sizes, colours and axes.</summary>
internal static class FigureStyle
{
    // Okabe and Ito (2008): distinguishable with every form of colour vision.
    private static readonly ImmutableArray<string> Palette =
        ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444", "#B8A700"];

    public static Color Colour(int index) => Color.FromHex(Palette[index % Palette.Length]);

    /// <summary>Creates a plot with title, axis labels and integer ticks at the bottom. The left axis has a fixed width.</summary>
    public static Plot CreatePanel(string title, string bottom, string left)
    {
        const float leftPixels = 105;
        var plot = new Plot();
        // Several panels are rendered on one canvas.
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

    /// <summary>Shows a text in the middle of a panel that has no data.</summary>
    public static void ShowNoData(Plot plot, string text)
    {
        plot.Axes.SetLimits(0, 1, 0, 1);
        ScottPlot.Plottables.Text label = plot.Add.Text(text, 0.5, 0.5);
        label.LabelFontName = FigureFont.Family;
        label.LabelFontSize = 22;
        label.LabelFontColor = Colors.Gray;
        label.LabelAlignment = Alignment.MiddleCenter;
    }
}
