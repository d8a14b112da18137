using System.Runtime.InteropServices;
using SkiaSharp;

namespace NnCluster.Data;

/// <summary>
/// Reads an image file as the rows of a model: upright as the file's EXIF states it, without the colour profile, transparent pixels on
/// white, scaled to the size of the preparation. Scaling stretches: each pixel is the mean of the area that it covers, computed in
/// double precision in one order, so its bits are the same on every machine.
/// </summary>
internal static class ImageFile
{
    /// <summary>Forms of an image, for messages.</summary>
    public const string Formats = "PNG, JPEG, WebP, BMP or GIF";

    // Limits of a header that may be false: pixels for each byte of the file, and pixels in all.
    private const long MostPixelsPerByte = 100_000;
    private const long MostPixels = 1L << 26;
    private const long MostBytes = 1L << 28;
    private const int BytesOfPixel = 4;

    // Images of more pixels are decoded one at a time, whatever the number of threads: each takes some 8 bytes a pixel.
    private const long LargeImage = 1L << 22;
    private static readonly Lock Large = new();

    /// <summary>Size of an image when it is upright, from its header.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or is no image.</exception>
    public static ImageSize SizeOf(string path)
    {
        using SKCodec codec = Open(path);
        return UprightSize(codec);
    }

    /// <summary>Writes the pixels of an image to <paramref name="row"/>, (Height · Width · Channels) bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="size">Size to scale to.</param>
    /// <param name="colour">Colours of the pixels: grey or RGB.</param>
    /// <param name="row">Receives the pixels.</param>
    /// <returns>Whether the image is grey: red, green and blue of every pixel are equal.</returns>
    /// <exception cref="BadInputException">The file cannot be read, is no image, or is damaged.</exception>
    public static bool Read(string path, ImageSize size, ImageColour colour, Span<byte> row)
    {
        using SKCodec codec = Open(path);
        if ((long)codec.Info.Width * codec.Info.Height <= LargeImage)
        {
            return Read(path, codec, size, colour, row);
        }

        lock (Large)
        {
            return Read(path, codec, size, colour, row);
        }
    }

    private static bool Read(string path, SKCodec codec, ImageSize size, ImageColour colour, Span<byte> row)
    {
        (byte[] pixels, ImageSize from) = Decode(path, codec);
        bool isGrey = Flatten(pixels);
        int channels = colour == ImageColour.Rgb ? 3 : 1;
        byte[] kept = Keep(pixels, channels);
        if (from == size)
        {
            kept.CopyTo(row);
        }
        else
        {
            Scale(kept, from.Width, from.Height, channels, size, row);
        }

        return isGrey;
    }

    /// <summary>Pixels of an image, (height, width, RGBA), and its size.</summary>
    /// <exception cref="BadInputException">The file cannot be read, is no image, or is damaged.</exception>
    public static (byte[] Rgba, ImageSize Size) ReadPixels(string path)
    {
        using SKCodec codec = Open(path);
        return Decode(path, codec);
    }

    /// <summary>Writes an image as the inputs of a model, (Height · Width · Channels) in [0, 1].</summary>
    /// <exception cref="BadInputException">The file cannot be read, is no image, or is damaged.</exception>
    public static void ReadFeatures(string path, ImagePreparation images, Span<float> features)
    {
        byte[] row = new byte[images.Features];
        Read(path, new(images.Width, images.Height), images.Colour, row);
        PixelScaling.Scale(row, features);
    }

    private static SKCodec Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new BadInputException($"{path} is a directory; expected an image file ({Formats}).");
        }

        SKCodec? codec = null;
        long length;
        try
        {
            // The length of a pipe and of a device is 0: they are not opened.
            long bytes = FileContent.LengthOf(path);
            if (File.Exists(path) && bytes is < 1 or > MostBytes)
            {
                throw new BadInputException($"{path} has {bytes} bytes; expected an image of at most {MostBytes >> 20} MiB ({Formats}).");
            }

            byte[] content = File.ReadAllBytes(path);
            length = content.Length;
            codec = SKCodec.Create(SKData.CreateCopy(content));
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be read: {failed.Message}", failed);
        }

        if (codec is null)
        {
            throw new BadInputException($"{path} is no image that can be read; expected {Formats}.");
        }

        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1 || (long)width * height > Math.Min(MostPixels, MostPixelsPerByte * length))
        {
            codec.Dispose();
            throw new BadInputException(
                $"{path} claims {width} × {height} pixels in {length} bytes; expected at most {Math.Min(MostPixels, MostPixelsPerByte * length)}. "
                + "The image is damaged or too large.");
        }

        return codec;
    }

    private static (byte[] Rgba, ImageSize Size) Decode(string path, SKCodec codec)
    {
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        byte[] pixels = new byte[(long)info.Width * info.Height * BytesOfPixel];
        GCHandle pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            SKCodecResult result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
            {
                string reason = result == SKCodecResult.IncompleteInput ? ": it is cut short" : "";
                throw new BadInputException($"{path} is an image that is damaged{reason}; copy it again or remove it.");
            }
        }
        finally
        {
            pinned.Free();
        }

        ImageSize size = UprightSize(codec);
        return (codec.EncodedOrigin == SKEncodedOrigin.TopLeft ? pixels : Upright(pixels, info.Width, info.Height, codec.EncodedOrigin, size), size);
    }

    private static bool IsTurned(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    private static ImageSize UprightSize(SKCodec codec) =>
        IsTurned(codec.EncodedOrigin) ? new(codec.Info.Height, codec.Info.Width) : new(codec.Info.Width, codec.Info.Height);

    /// <summary>
    /// Turns and mirrors pixels, (height, width, RGBA), so that they are upright. An origin names the sides of the upright image where the
    /// first row and the first column of the file are: by <c>LeftBottom</c> the row is at the left and the column at the bottom.
    /// </summary>
    private static byte[] Upright(byte[] pixels, int width, int height, SKEncodedOrigin origin, ImageSize size)
    {
        bool columnsReversed = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool rowsReversed = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        bool isTurned = IsTurned(origin);
        ReadOnlySpan<int> source = MemoryMarshal.Cast<byte, int>(pixels);
        byte[] upright = new byte[pixels.Length];
        Span<int> target = MemoryMarshal.Cast<byte, int>(upright.AsSpan());
        for (int y = 0; y < size.Height; y++)
        {
            for (int x = 0; x < size.Width; x++)
            {
                (int column, int row) = isTurned ? (y, x) : (x, y);
                column = columnsReversed ? width - 1 - column : column;
                row = rowsReversed ? height - 1 - row : row;
                target[(y * size.Width) + x] = source[(row * width) + column];
            }
        }

        return upright;
    }

    /// <summary>Puts transparent pixels on white, in place, (pixels, RGBA). Returns whether every pixel is grey.</summary>
    private static bool Flatten(byte[] pixels)
    {
        bool isGrey = true;
        for (int i = 0; i < pixels.Length; i += BytesOfPixel)
        {
            int alpha = pixels[i + 3];
            for (int channel = 0; channel < 3 && alpha < 255; channel++)
            {
                pixels[i + channel] = (byte)(((pixels[i + channel] * alpha) + (255 * (255 - alpha)) + 127) / 255);
            }

            isGrey &= pixels[i] == pixels[i + 1] && pixels[i] == pixels[i + 2];
        }

        return isGrey;
    }

    private static byte[] Keep(byte[] pixels, int channels)
    {
        byte[] kept = new byte[pixels.Length / BytesOfPixel * channels];
        for (int from = 0, to = 0; from < pixels.Length; from += BytesOfPixel)
        {
            if (channels == 1)
            {
                kept[to++] = (byte)(((299 * pixels[from]) + (587 * pixels[from + 1]) + (114 * pixels[from + 2]) + 500) / 1000);
                continue;
            }

            for (int channel = 0; channel < 3; channel++)
            {
                kept[to++] = pixels[from + channel];
            }
        }

        return kept;
    }

    private static void Scale(byte[] pixels, int width, int height, int channels, ImageSize size, Span<byte> row)
    {
        int stride = size.Width * channels;
        double[] narrow = new double[stride]; // (size.Width, channels)
        int narrowed = -1;
        double[] sums = new double[stride];
        for (int y = 0; y < size.Height; y++)
        {
            Array.Clear(sums);
            (double from, double to) = ((double)y * height / size.Height, (double)(y + 1) * height / size.Height);
            for (int source = (int)from; source < Math.Min(to, height); source++)
            {
                // Two rows of the result may share a row of the image.
                if (source != narrowed)
                {
                    Narrow(pixels.AsSpan(source * width * channels, width * channels), width, channels, narrow);
                    narrowed = source;
                }

                double weight = (Math.Min(source + 1, to) - Math.Max(source, from)) / (to - from);
                for (int i = 0; i < stride; i++)
                {
                    sums[i] += weight * narrow[i];
                }
            }

            for (int i = 0; i < stride; i++)
            {
                row[(y * stride) + i] = (byte)Math.Clamp(Math.Floor(sums[i] + 0.5), 0, 255);
            }
        }
    }

    /// <summary>Scales one row of an image, (width, channels), to <paramref name="narrow"/>, (new width, channels).</summary>
    private static void Narrow(ReadOnlySpan<byte> row, int width, int channels, double[] narrow)
    {
        Array.Clear(narrow);
        int newWidth = narrow.Length / channels;
        for (int x = 0; x < newWidth; x++)
        {
            (double from, double to) = ((double)x * width / newWidth, (double)(x + 1) * width / newWidth);
            for (int source = (int)from; source < Math.Min(to, width); source++)
            {
                double weight = (Math.Min(source + 1, to) - Math.Max(source, from)) / (to - from);
                for (int channel = 0; channel < channels; channel++)
                {
                    narrow[(x * channels) + channel] += weight * row[(source * channels) + channel];
                }
            }
        }
    }
}
