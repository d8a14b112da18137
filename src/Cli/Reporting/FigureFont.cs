using ScottPlot;
using SkiaSharp;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// The font Inter (SIL Open Font License, Latin glyphs), embedded in the program. Figures are then the same on every machine,
/// and have text in a container without fonts.
/// </summary>
internal sealed class FigureFont : IFontResolver
{
    /// <summary>Name of the font family.</summary>
    public const string Family = "Inter";

    private static readonly Lazy<FigureFont> Registered = new(() =>
    {
        var font = new FigureFont();
        Fonts.FontResolvers.Insert(0, font);
        return font;
    });

    private FigureFont()
    {
    }

    /// <summary>Registers the family with ScottPlot; later calls do nothing.</summary>
    public static void Register() => _ = Registered.Value;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Family ? Load(weight >= FontWeight.SemiBold ? "Inter-SemiBold.ttf" : "Inter-Regular.ttf") : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
        CreateTypeface(fontName, bold ? FontWeight.Bold : FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal);

    private static SKTypeface Load(string resource)
    {
        using Stream stream = typeof(FigureFont).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The program was built without its resource {resource}.");
        return SKTypeface.FromStream(stream);
    }
}
