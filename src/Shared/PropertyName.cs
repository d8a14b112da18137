namespace NnCluster;

/// <summary>Name of a property of a specification or of options, in an error about its value.</summary>
/// <param name="Owner">Type that has the property, such as <c>OptimizerSpec</c>.</param>
/// <param name="Name">The property, such as <c>LearningRate</c>.</param>
/// <remarks>The library's messages show <see cref="Name"/>. A command line shows the option that sets the property.</remarks>
public readonly record struct PropertyName(string Owner, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
