using System.Text;
using NnCluster.Data;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Draws the first image of each class as text, side by side. A character shows the mean of two pixels, one above the other.
/// </summary>
public static class ContactSheet
{
    private const string Shades = " ░▒▓█";
    private const int ImagesPerLine = 5;

    /// <summary>Draws the sheet as lines of text.</summary>
    /// <param name="data">Data set of images with classes.</param>
    /// <param name="width">Width of an image, in pixels.</param>
    /// <param name="height">Height of an image, in pixels.</param>
    public static string Draw(Dataset data, int width, int height)
    {
        float[][] images = [.. Enumerable.Range(0, data.Classes)
            .Select(label => data.Train.Labels.IndexOf(label))
            .Where(row => row >= 0)
            .Select(row => Image(data, row))];
        var text = new StringBuilder();
        foreach (float[][] line in images.Chunk(ImagesPerLine))
        {
            for (int y = 0; y < height; y += 2)
            {
                foreach (float[] image in line)
                {
                    for (int x = 0; x < width; x++)
                    {
                        float below = y + 1 < height ? image[((y + 1) * width) + x] : 0;
                        float shade = (image[(y * width) + x] + below) / 2;
                        text.Append(Shades[Math.Clamp((int)(shade * Shades.Length), 0, Shades.Length - 1)]);
                    }

                    text.Append(' ');
                }

                text.AppendLine();
            }
        }

        return text.ToString();
    }

    private static float[] Image(Dataset data, int row)
    {
        float[] pixels = new float[data.Features];
        data.Train.Gather([row], pixels);
        return pixels;
    }
}
