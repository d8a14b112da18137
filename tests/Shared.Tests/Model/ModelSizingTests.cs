using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class ModelSizingTests
{
    [Fact]
    public void The_notebooks_network_has_9_neurons_32_weights_9_biases_and_41_parameters()
    {
        ModelSizing sizing = ModelSizing.Of(new() { Inputs = 3, Outputs = 1, Hidden = [new() { Units = 4 }, new() { Units = 4 }] });
        Assert.Equal((9, 32, 9, 41), (sizing.Neurons, sizing.Weights, sizing.Biases, sizing.Parameters));
    }

    [Fact]
    public void The_table_shows_every_layer_and_the_total()
    {
        ModelSizing sizing = ModelSizing.Of(new()
        {
            Inputs = 784,
            Outputs = 10,
            Hidden =
            [
                new() { Units = 256, BatchNorm = true, Activation = ActivationKind.LeakyRelu },
                new() { Units = 8, Activation = ActivationKind.Prelu },
            ],
        });
        string expected = """
            layer                    neurons     weights    biases    others   parameters
            dense0 leaky-relu            256      200704       256       512       201472
            dense1 prelu                   8        2048         8         1         2057
            dense2 soft-max               10          80        10         0           90
            total                        274      202832       274       513       203619
            """;
        Assert.Equal(expected, sizing.ToString());
    }
}
