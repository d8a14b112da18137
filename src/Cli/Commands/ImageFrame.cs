using System.Collections.Immutable;
using NnCluster.Data;

namespace NnCluster.Cli.Commands;

/// <summary>
/// Size and position of the object in a data set's images, and the conversion of other images to them. MNIST's digits were
/// scaled to fit a box of 20 × 20 pixels, keeping their proportions, and centred by their centre of mass in 28 × 28 (LeCun,
/// Cortes and Burges); Fashion-MNIST's articles fill the whole image and are centred by their outline (Xiao et al. 2017). Both
/// are light on dark.
/// </summary>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Box">The longer side of the object in pixels.</param>
/// <param name="ByMass">True: the centre of mass is in the middle; false: the centre of the outline.</param>
/// <param name="ClassNames">Names of the classes; empty if they are not known.</param>
internal sealed record ImageFrame(int Width, int Height, int Box, bool ByMass, ImmutableArray<string> ClassNames)
{
    // Ink below this share of the strongest ink counts as paper.
    private const float Paper = 0.15f;

    // Smallest difference between the strongest ink and the border, of the whole range: below it the image is empty.
    private const float LeastContrast = 0.1f;

    /// <summary>The frame of a model's data set. Unknown data sets are assumed to have square images like MNIST's.</summary>
    /// <param name="dataset">Name of the data set; null if it is not known.</param>
    /// <param name="inputs">Inputs of the model.</param>
    /// <param name="source">Name of the model, for errors.</param>
    /// <exception cref="BadInputException">The inputs are not the pixels of an image.</exception>
    public static ImageFrame For(string? dataset, int inputs, string source)
    {
        if (KnownDatasets.All.FirstOrDefault(set => set.Name == dataset) is { } known && known.ImageWidth * known.ImageHeight == inputs)
        {
            bool digits = known == KnownDatasets.Mnist;
            return new(known.ImageWidth, known.ImageHeight, digits ? BoxOf(known.ImageWidth) : known.ImageWidth, digits, known.ClassNames);
        }

        int side = (int)Math.Round(Math.Sqrt(inputs));
        return side * side == inputs && side > 1
            ? new(side, side, BoxOf(side), ByMass: true, [])
            : throw new BadInputException(
                $"{source}: was trained on {inputs} features, which are no square image; predict takes models of images.");
    }

    /// <summary>Reads an image file: (Height · Width) in [0, 1], light on dark.</summary>
    /// <remarks>
    /// An image of the frame's size keeps its pixels; any other is scaled and centred. An image whose median border pixel is
    /// light is inverted.
    /// </remarks>
    /// <exception cref="BadInputException">The file is not an image, or the image is empty.</exception>
    public float[] Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new BadInputException($"{path}: there is no such image.");
        }

        (byte[] rgba, ImageSize size) = ImageFile.ReadPixels(path);
        (byte[] grey, byte paper) = Grey(rgba, size);
        bool isOfTheSize = size.Width == Width && size.Height == Height;
        float strongest = grey.Max() - paper;
        if (isOfTheSize ? grey.Max() == grey.Min() : strongest < LeastContrast * 255)
        {
            throw new BadInputException($"{path}: shows nothing: no pixel stands out from the border.");
        }

        if (isOfTheSize)
        {
            float[] pixels = new float[grey.Length];
            PixelScaling.Scale(grey, pixels);
            return pixels;
        }

        float[] ink = Array.ConvertAll(grey, value => Math.Max(0, value - paper) / strongest);
        return Place(Shrink(ink, size.Width, size.Height));
    }

    private static int BoxOf(int side) => Math.Max(1, (side * 20) / 28);

    /// <summary>Grey values, light on dark, transparent pixels on white; and the median of the border.</summary>
    private static (byte[] Grey, byte Paper) Grey(byte[] rgba, ImageSize size)
    {
        byte[] grey = new byte[size.Width * size.Height];
        for (int i = 0; i < grey.Length; i++)
        {
            ReadOnlySpan<byte> pixel = rgba.AsSpan(4 * i, 4);
            double luma = (0.299 * pixel[0]) + (0.587 * pixel[1]) + (0.114 * pixel[2]); // ITU-R BT.601
            grey[i] = (byte)Math.Round(255 + ((luma - 255) * pixel[3] / 255));
        }

        byte[] border =
        [
            .. grey[..size.Width], .. grey[^size.Width..],
            .. Enumerable.Range(1, Math.Max(0, size.Height - 2)).SelectMany(row => new[] { grey[row * size.Width], grey[((row + 1) * size.Width) - 1] }),
        ];
        Array.Sort(border);
        byte paper = border[border.Length / 2];
        return paper < 128 ? (grey, paper) : (Array.ConvertAll(grey, value => (byte)(255 - value)), (byte)(255 - paper));
    }

    /// <summary>Scales the outline of the ink to the box; each pixel is the mean of the area that it covers.</summary>
    private (float[] Ink, int Width, int Height) Shrink(float[] ink, int width, int height)
    {
        (int left, int top, int right, int bottom) = (width, height, -1, -1);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                if (ink[(y * width) + x] > Paper)
                {
                    (left, right) = (Math.Min(left, x), Math.Max(right, x));
                    (top, bottom) = (Math.Min(top, y), y);
                }
            }
        }

        (int inkWidth, int inkHeight) = (right + 1 - left, bottom + 1 - top);
        double scale = (double)Box / Math.Max(inkWidth, inkHeight);
        int newWidth = Math.Clamp((int)Math.Round(inkWidth * scale), 1, Width);
        int newHeight = Math.Clamp((int)Math.Round(inkHeight * scale), 1, Height);
        float[] scaled = new float[newWidth * newHeight];
        for (int y = 0; y < newHeight; y++)
        {
            for (int x = 0; x < newWidth; x++)
            {
                scaled[(y * newWidth) + x] = Mean(
                    ink, width,
                    left + ((double)x * inkWidth / newWidth), left + ((double)(x + 1) * inkWidth / newWidth),
                    top + ((double)y * inkHeight / newHeight), top + ((double)(y + 1) * inkHeight / newHeight));
            }
        }

        return (scaled, newWidth, newHeight);
    }

    /// <summary>Mean over [x0, x1) × [y0, y1), with pixels weighted by the area inside.</summary>
    private static float Mean(float[] ink, int width, double x0, double x1, double y0, double y1)
    {
        double sum = 0;
        for (int y = (int)y0; y < y1; y++)
        {
            double high = Math.Min(y + 1, y1) - Math.Max(y, y0);
            for (int x = (int)x0; x < x1; x++)
            {
                sum += ink[(y * width) + x] * high * (Math.Min(x + 1, x1) - Math.Max(x, x0));
            }
        }

        return (float)(sum / ((x1 - x0) * (y1 - y0)));
    }

    private float[] Place((float[] Ink, int Width, int Height) box)
    {
        double mass = 0;
        double massX = 0;
        double massY = 0;
        for (int i = 0; i < box.Ink.Length; i++)
        {
            mass += box.Ink[i];
            massX += box.Ink[i] * ((i % box.Width) + 0.5);
            massY += box.Ink[i] * ((i / box.Width) + 0.5);
        }

        (double middleX, double middleY) = ByMass ? (massX / mass, massY / mass) : (box.Width / 2.0, box.Height / 2.0);
        int left = Math.Clamp((int)Math.Round((Width / 2.0) - middleX), 0, Width - box.Width);
        int top = Math.Clamp((int)Math.Round((Height / 2.0) - middleY), 0, Height - box.Height);
        float[] pixels = new float[Width * Height];
        for (int y = 0; y < box.Height; y++)
        {
            box.Ink.AsSpan(y * box.Width, box.Width).CopyTo(pixels.AsSpan(((top + y) * Width) + left));
        }

        return pixels;
    }
}
