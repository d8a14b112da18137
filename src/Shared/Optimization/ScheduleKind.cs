using System.Text.Json.Serialization;

namespace NnCluster.Optimization;

/// <summary>Curve of the learning rate over the run; <see cref="LearningRateSchedule"/> has the formulas.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary>The same rate at every step.</summary>
    [JsonStringEnumMemberName("constant")]
    Constant,

    /// <summary>The rate, a tenth of it from half of the run on, a hundredth from three quarters on.</summary>
    [JsonStringEnumMemberName("step")]
    Step,

    /// <summary>Half a cosine wave from the rate down to 0 (Loshchilov and Hutter 2017, without restarts).</summary>
    [JsonStringEnumMemberName("cosine")]
    Cosine,

    /// <summary>Up to the rate over the first 30 % of the run, then down to a 250,000th of it (Smith and Topin 2018).</summary>
    [JsonStringEnumMemberName("one-cycle")]
    OneCycle,
}
