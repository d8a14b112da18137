using NnCluster.Persistence;
using SkiaSharp;

namespace NnCluster.Cli.Reporting;

/// <summary>Renders figures as PNG or SVG.</summary>
internal static class FigureImage
{
    /// <summary>Writes a .png or .svg file atomically.</summary>
    /// <param name="path">The file; its extension decides the format.</param>
    /// <param name="width">Width, in pixels.</param>
    /// <param name="height">Height, in pixels.</param>
    /// <param name="render">Draws on the white canvas.</param>
    /// <exception cref="BadInputException">The extension is neither .png nor .svg.</exception>
    /// <exception cref="RunDirectoryException">The file cannot be written.</exception>
    public static void Write(string path, int width, int height, Action<SKCanvas> render)
    {
        byte[] image = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".png" => Png(width, height, render),
            ".svg" => Svg(width, height, render),
            string other => throw new BadInputException($"{path}: figures are written as .png or .svg, not as '{other}'"),
        };
        RunDirectoryException.Guard(path, () => AtomicFile.Write(path, stream => stream.Write(image)));
    }

    /// <summary>Renders a PNG.</summary>
    public static byte[] Png(int width, int height, Action<SKCanvas> render)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        Render(surface.Canvas, render);
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    /// <summary>Renders an SVG document, in UTF-8.</summary>
    public static byte[] Svg(int width, int height, Action<SKCanvas> render)
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, height), stream))
        {
            Render(canvas, render);
        }

        // A viewer without the font falls back to its own sans-serif font.
        string svg = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        return System.Text.Encoding.UTF8.GetBytes(svg.Replace(
            $"font-family=\"{FigureFont.Family}\"",
            $"font-family=\"{FigureFont.Family}, sans-serif\"",
            StringComparison.Ordinal));
    }

    private static void Render(SKCanvas canvas, Action<SKCanvas> render)
    {
        FigureFont.Register();
        canvas.Clear(SKColors.White);
        render(canvas);
    }
}
