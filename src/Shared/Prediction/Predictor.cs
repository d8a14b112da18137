using System.Collections.Concurrent;
using System.Collections.Immutable;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;

namespace NnCluster.Prediction;

/// <summary>
/// A trained model that computes the outputs of rows of features. Thread-safe: every call rents one <see cref="IModel"/>, so calls
/// run in parallel, and the outputs of a row have the same bits alone, in any batch and on any thread.
/// </summary>
/// <remarks>
/// The predictor keeps one <see cref="IModel"/> for each call that ever ran at the same time as others, each with packed
/// weights and a workspace of its own. In the steady state a call into a span of the caller allocates no array.
/// </remarks>
public sealed class Predictor : IDisposable
{
    // Rows that a model computes together. The bits do not depend on it.
    private const int RowsAtOnce = 256;

    private readonly IBlas _blas;
    private readonly float[] _state;
    private readonly ModelOrigin _origin;
    private readonly ConcurrentBag<IModel> _idle = [];
    private volatile bool _isDisposed;

    /// <summary>A predictor of a model state in memory.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="state">Parameters and running statistics, laid out as <see cref="ParameterLayout.For"/> says; they are copied.</param>
    /// <param name="blas">Matrix products; null for <see cref="SimdBlas"/>.</param>
    /// <param name="preparation">Preparation of a table's rows; null: the caller prepares the inputs.</param>
    /// <param name="images">Preparation of image files; null: the caller prepares the inputs.</param>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The state is too short.</exception>
    public Predictor(
        ModelSpec spec, ReadOnlySpan<float> state, IBlas? blas = null, Preparation? preparation = null, ImagePreparation? images = null)
        : this(spec, ParameterLayout.For(spec), blas, preparation, ModelOrigin.Unknown with { Images = images })
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, _state.Length);
        state[.._state.Length].CopyTo(_state);
    }

    private Predictor(ModelSpec spec, ParameterLayout layout, IBlas? blas, Preparation? preparation, ModelOrigin origin)
    {
        _origin = origin;
        Spec = spec;
        Preparation = preparation;
        Images = origin.Images;
        _blas = blas ?? new SimdBlas();
        _state = new float[layout.StateLength];
    }

    /// <summary>The model's specification.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Preparation of a table's rows; null if the model was not trained on a table.</summary>
    public Preparation? Preparation { get; }

    /// <summary>Preparation of image files; null if the model was not trained on images whose preparation is known.</summary>
    public ImagePreparation? Images { get; }

    /// <summary>Features of a row.</summary>
    public int Inputs => Spec.Inputs;

    /// <summary>Number of outputs of a row: one for each class, or one for each target of a regression.</summary>
    public int Outputs => Spec.Outputs;

    /// <summary>Whether the outputs of a row are probabilities of classes: at least 0, with sum 1.</summary>
    public bool GivesProbabilities => Spec.Loss == LossKind.CrossEntropy;

    /// <summary>SHA-256 of the model state, as <see cref="ParameterLayout.Sha256"/> computes it.</summary>
    internal string WeightsSha256 => ParameterLayout.For(Spec).Sha256(_state);

    /// <summary>Loads a trained model.</summary>
    /// <param name="path">
    /// A model file, a checkpoint, or a run directory: its <c>model.safetensors</c>, or without one its newest checkpoint
    /// that is not damaged.
    /// </param>
    /// <param name="blas">Matrix products; null for <see cref="SimdBlas"/>.</param>
    /// <exception cref="BadInputException">There is no such file, it cannot be read, or it holds no model of this program.</exception>
    public static Predictor Load(string path, IBlas? blas = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Of(TrainedFile.Read(path), blas);
    }

    /// <summary>Loads the model of a file that was read.</summary>
    internal static Predictor Of(SafeTensorsFile file, IBlas? blas)
    {
        string json = ModelFile.RequireModelSpec(file);
        var spec = ModelSpec.Parse(json, file.Path);
        var layout = ParameterLayout.For(spec);
        Preparation? preparation = ModelFile.PreparationOf(file);
        preparation?.RequireFits(spec.Inputs, spec.Outputs, file.Path);
        var origin = ModelOrigin.Of(file);
        origin.Images?.RequireFits(spec.Inputs, spec.Outputs, file.Path);
        var predictor = new Predictor(spec, layout, blas, preparation, origin);
        ModelFile.CopyTo(file, layout.Tensors, predictor._state);
        return predictor;
    }

    /// <summary>Computes the outputs of one row.</summary>
    /// <param name="features"><see cref="Inputs"/> values, scaled as in training: pixels as byte · (1/255).</param>
    /// <returns><see cref="Outputs"/> values: class probabilities, or the values of a regression.</returns>
    /// <exception cref="ArgumentException">The row has another number of features.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public float[] Predict(ReadOnlySpan<float> features)
    {
        float[] outputs = new float[Outputs];
        Predict(features, 1, outputs);
        return outputs;
    }

    /// <summary>Computes the outputs of a batch.</summary>
    /// <param name="rows">(count, inputs), row-major, scaled as in training.</param>
    /// <param name="count">Number of rows, at least 0.</param>
    /// <param name="outputs">(count, outputs), row-major: class probabilities, or the values of a regression.</param>
    /// <exception cref="ArgumentException">A span has another length than the number of rows asks for.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public void Predict(ReadOnlySpan<float> rows, int count, Span<float> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        RequireLength(rows.Length, count, Inputs, nameof(rows));
        RequireLength(outputs.Length, count, Outputs, nameof(outputs));
        IModel model = Rent();
        try
        {
            model.Predict(rows, count, _state, outputs);
        }
        finally
        {
            Return(model);
        }
    }

    /// <summary>Index of the largest output, from 0: the predicted class; the first of several equal ones. Not meaningful for a regression.</summary>
    /// <param name="features"><see cref="Inputs"/> values, scaled as in training.</param>
    /// <exception cref="ArgumentException">The row has another number of features.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public int Classify(ReadOnlySpan<float> features) => Classification.ArgMax(Predict(features));

    /// <summary>Answers one row of a table.</summary>
    /// <param name="row">
    /// Numbers and texts by the names of their columns, null for a missing value; further columns are ignored.
    /// </param>
    /// <exception cref="InvalidOperationException">The model was not trained on a table.</exception>
    /// <exception cref="BadInputException">
    /// A column is missing, has a text in place of a number, or no value where training refused that; the message names it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public RowAnswer PredictRow(IReadOnlyDictionary<string, object?> row)
    {
        ArgumentNullException.ThrowIfNull(row);
        Preparation preparation = Preparation
            ?? throw new InvalidOperationException("The model was not trained on a table: its inputs have no names.");
        using var rows = new PreparedRows(new NamedRow(row), preparation, needsTarget: false);
        float[] features = new float[Inputs];
        rows.Read(features);
        float[] outputs = Predict(features);
        RowAnswer answer = preparation.Task == ModelTask.Regression
            ? new(null, preparation.ToTarget(outputs[0]), ImmutableDictionary<string, float>.Empty)
            : new(
                preparation.Classes[Classification.ArgMax(outputs)],
                null,
                preparation.Classes.Index().ToImmutableDictionary(item => item.Item, item => outputs[item.Index]));
        return answer with { Warnings = [.. rows.Warnings] };
    }

    /// <summary>Answers an image file: a class by its name, or a value.</summary>
    /// <param name="path">PNG, JPEG, WebP, BMP or GIF; scaled and coloured as in training.</param>
    /// <exception cref="InvalidOperationException">The model was not trained on images whose preparation is known.</exception>
    /// <exception cref="BadInputException">The file cannot be read, or is no image.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public RowAnswer PredictImage(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ImagePreparation images = Images ?? throw new InvalidOperationException("The model does not say how an image becomes its inputs.");
        float[] features = new float[Inputs];
        ImageFile.ReadFeatures(path, images, features);
        float[] outputs = Predict(features);
        return images.Classes.IsEmpty
            ? new(null, outputs[0], ImmutableDictionary<string, float>.Empty)
            : new(
                images.Classes[Classification.ArgMax(outputs)],
                null,
                images.Classes.Index().ToImmutableDictionary(item => item.Item, item => outputs[item.Index]));
    }

    /// <summary>
    /// Writes the model as ONNX (opset 17), with the preparation of a table's rows inside: columns in, class names with
    /// probabilities or values in the target's unit out. docs/export.md describes inputs and outputs.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced at once when the new one is complete.</param>
    /// <exception cref="BadInputException">
    /// The model has a layer or an architecture without a form in ONNX, or is too large for it.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveOnnx(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OnnxFile.Write(path, new(Spec, _state, Preparation, _origin));
    }

    /// <summary>Frees the workspaces. Calls that still run finish; their workspaces are freed when they return.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        DisposeIdle();
    }

    private static void RequireLength(int length, int count, int width, string name)
    {
        if (length != (long)count * width)
        {
            throw new ArgumentException($"{count} rows of {width} values are {(long)count * width} floats, not {length}.", name);
        }
    }

    private IModel Rent()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_idle.TryTake(out IModel? idle))
        {
            return idle;
        }

        IModel model = Spec.CreateModel(_blas, RowsAtOnce);
        model.Load(_state);
        return model;
    }

    private void Return(IModel model)
    {
        _idle.Add(model);
        // Dispose may have emptied the bag before this model was in it.
        if (_isDisposed)
        {
            DisposeIdle();
        }
    }

    private void DisposeIdle()
    {
        while (_idle.TryTake(out IModel? model))
        {
            model.Dispose();
        }
    }
}
