using Google.Protobuf;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence.TensorBoard;
using SkiaSharp;

namespace NnCluster.Persistence;

/// <summary>
/// One image of the weights that lead from the pixels of the inputs to the first units of the first layer: a grid with a cell
/// for each unit. Weight 0 is mid-grey; the greatest magnitude in the grid is white if positive and black if negative; in
/// colour, each channel has the weights of its colour.
/// </summary>
internal sealed class WeightGrid
{
    /// <summary>Most units in the grid.</summary>
    public const int MostUnits = 64;

    /// <summary>Most pixels of all cells: a grid of larger inputs has fewer units.</summary>
    public const int MostPixels = 1 << 20;

    // Pixels between cells.
    private const int Gap = 1;

    // RGB is stored as four bytes a pixel, with an opaque fourth.
    private const int RgbBytes = 4;

    private readonly ParameterView _weights;
    private readonly int _width;
    private readonly int _height;
    private readonly int _channels;
    private readonly int _units;
    private readonly int _columns;

    private WeightGrid(ParameterView weights, int width, int height, int channels)
    {
        (_weights, _width, _height, _channels) = (weights, width, height, channels);
        _units = Math.Min(Math.Min(weights.Shape[0], MostUnits), MostPixels / (width * height));
        _columns = (int)Math.Ceiling(Math.Sqrt(_units));
    }

    /// <summary>Name of the tensor that is shown.</summary>
    public string TensorName => _weights.Name;

    /// <summary>Width of the image in pixels.</summary>
    public int Width => (_columns * (_width + Gap)) + Gap;

    /// <summary>Height of the image in pixels.</summary>
    public int Height => (((_units + _columns - 1) / _columns) * (_height + Gap)) + Gap;

    /// <summary>
    /// The grid of a model; null if its inputs are no images, if an image has more than <see cref="MostPixels"/> pixels, or if no
    /// tensor of weights has a column for each input.
    /// </summary>
    public static WeightGrid? For(ParameterLayout layout, Dataset data)
    {
        (int width, int height, int channels) = data switch
        {
            { Images: { } images } => (images.Width, images.Height, images.Channels),
            { ImageWidth: { } columns, ImageHeight: { } rows } => (columns, rows, 1),
            _ => (0, 0, 0),
        };
        long pixels = (long)width * height;
        ParameterView? weights = layout.LearnedTensors.FirstOrDefault(tensor =>
            tensor.IsWeight && tensor.Shape is [> 0, int inputs] && inputs == data.Features);
        return weights is not null && pixels is > 0 and <= MostPixels && pixels * channels == data.Features
            ? new(weights, width, height, channels)
            : null;
    }

    /// <summary>Draws the grid.</summary>
    /// <param name="state">The model state.</param>
    public ImageProto Draw(ReadOnlySpan<float> state) => new()
    {
        Width = Width,
        Height = Height,
        Colorspace = _channels,
        EncodedImageString = UnsafeByteOperations.UnsafeWrap(Png(Pixels(_weights.Of(state)))),
    };

    /// <summary>The image, row by row from the top; one byte a pixel, or four for colour.</summary>
    internal byte[] Pixels(ReadOnlySpan<float> weights)
    {
        ReadOnlySpan<float> shown = weights[..(_units * _width * _height * _channels)];
        float greatest = 0;
        foreach (float weight in shown)
        {
            greatest = float.IsFinite(weight) ? Math.Max(greatest, Math.Abs(weight)) : greatest;
        }

        float scale = greatest > 0 ? 1 / greatest : 0;
        int bytes = _channels == 1 ? 1 : RgbBytes;
        byte[] pixels = new byte[Width * Height * bytes];
        Array.Fill(pixels, byte.MaxValue);
        int next = 0;
        for (int unit = 0; unit < _units; unit++)
        {
            int left = Gap + (unit % _columns * (_width + Gap));
            int top = Gap + (unit / _columns * (_height + Gap));
            for (int pixel = 0; pixel < _width * _height; pixel++)
            {
                int at = (((top + (pixel / _width)) * Width) + left + (pixel % _width)) * bytes;
                for (int channel = 0; channel < _channels; channel++)
                {
                    pixels[at + channel] = Shade(shown[next++] * scale);
                }
            }
        }

        return pixels;
    }

    // From [-1, 1] to [0, 255].
    private static byte Shade(float weight) => (byte)Math.Clamp(MathF.Round(127.5f + (127.5f * weight)), 0, byte.MaxValue);

    private byte[] Png(byte[] pixels)
    {
        SKColorType colour = _channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888;
        using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(Width, Height, colour, SKAlphaType.Opaque), pixels);
        using SKPixmap pixmap = image.PeekPixels();
        // Weights look like noise: more effort saves few bytes.
        using SKData data = pixmap.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.NoFilters, zLibLevel: 1))
            ?? throw new IOException($"an image of {Width} × {Height} pixels cannot be encoded as PNG");
        return data.ToArray();
    }
}
