using System.Globalization;

namespace NnCluster.Data;

/// <summary>Size of an image in pixels.</summary>
/// <param name="Width">Pixels of a row, at least 1.</param>
/// <param name="Height">Rows of pixels, at least 1.</param>
public readonly record struct ImageSize(int Width, int Height)
{
    /// <summary>Longest side.</summary>
    internal const int Longest = 1 << 14;

    /// <summary>Reads <c>WIDTHxHEIGHT</c>, such as <c>32x24</c>; null if the text is no size.</summary>
    public static ImageSize? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] sides = text.Split('x');
        return sides.Length == 2 && Side(sides[0]) is { } width && Side(sides[1]) is { } height ? new(width, height) : null;
    }

    /// <summary>The size as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height}");

    private static int? Side(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is > 0 and <= Longest ? side : null;
}

/// <summary>Size and colours of the images of a directory, and its parts.</summary>
public sealed record ImageOptions
{
    /// <summary>Size that all images are scaled to; null: their own, which must then be one.</summary>
    public ImageSize? Size { get; init; }

    /// <summary>Colours; null: grey if every training image is grey, else RGB.</summary>
    public ImageColour? Colour { get; init; }

    /// <summary>Division of the images into training, validation and test rows, where the directory has no parts of its own.</summary>
    public SplitOptions Splits { get; init; } = new();

    /// <summary>Receives the progress of long reads; null: no reports.</summary>
    public IProgress<DatasetProgress>? Progress { get; init; }
}
