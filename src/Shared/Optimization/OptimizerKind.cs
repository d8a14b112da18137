using System.Text.Json.Serialization;

namespace NnCluster.Optimization;

/// <summary>Optimizers; <see cref="OptimizerFactory"/> has the chain of each.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary>Kingma and Ba 2015.</summary>
    [JsonStringEnumMemberName("adam")]
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,

    /// <summary>Plain stochastic gradient descent.</summary>
    [JsonStringEnumMemberName("sgd")]
    Sgd,

    /// <summary>Heavy ball (Polyak 1964), in PyTorch's form: the learning rate stands outside the buffer.</summary>
    [JsonStringEnumMemberName("momentum")]
    Momentum,

    /// <summary>Nesterov's momentum as Sutskever et al. 2013 and PyTorch write it.</summary>
    [JsonStringEnumMemberName("nesterov")]
    Nesterov,

    /// <summary>Tieleman and Hinton 2012.</summary>
    [JsonStringEnumMemberName("rmsprop")]
    RmsProp,

    /// <summary>Duchi et al. 2011.</summary>
    [JsonStringEnumMemberName("adagrad")]
    AdaGrad,
}
