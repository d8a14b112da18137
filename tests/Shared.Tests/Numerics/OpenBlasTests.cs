using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>A fact that is skipped, with the reason, if there is no OpenBLAS library.</summary>
public sealed class OpenBlasFactAttribute : FactAttribute
{
    public OpenBlasFactAttribute()
    {
        if (!OpenBlas.TryLoad(out _, out string reason))
        {
            Skip = reason;
        }
    }
}

[Collection("OpenBLAS environment")]
public sealed class OpenBlasTests : BlasConformance
{
    protected override IBlas CreateBlas() => OpenBlas.Load();

    [OpenBlasFact]
    public override void Gemm_matches_the_plain_loop_for_every_transpose_shape_and_factor() =>
        base.Gemm_matches_the_plain_loop_for_every_transpose_shape_and_factor();

    [OpenBlasFact]
    public override void Packed_Gemm_has_the_bits_of_Gemm() => base.Packed_Gemm_has_the_bits_of_Gemm();

    [OpenBlasFact]
    public override void Spans_too_short_and_rows_too_narrow_are_refused_by_name() =>
        base.Spans_too_short_and_rows_too_narrow_are_refused_by_name();

    [OpenBlasFact]
    public override void Many_threads_may_multiply_at_once() => base.Many_threads_may_multiply_at_once();

    [OpenBlasFact]
    public void The_arithmetic_names_the_library_and_its_kernels() =>
        Assert.Matches("^openblas OpenBLAS .* kernels [A-Za-z0-9_]+; ", OpenBlas.Load().Arithmetic);
}
