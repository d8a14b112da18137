using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NnCluster.Memory;

/// <summary>Where another process of the same host finds a <see cref="SharedMemory"/>.</summary>
/// <param name="Process">Who made it.</param>
/// <param name="Descriptor">Its file descriptor there.</param>
/// <param name="Count">Buffers in it.</param>
/// <param name="Mark">Drawn at random, and the first bytes of the memory: a number that means another file here is found out.</param>
public readonly record struct SharedMemoryName(int Process, int Descriptor, int Count, Guid Mark)
{
    /// <summary>Bytes of a name.</summary>
    public const int Size = 28;

    /// <summary>Writes the name, little-endian.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Process);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Descriptor);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], Count);
        Mark.TryWriteBytes(destination[12..]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; whether it names anything shows when it is opened.</summary>
    public static SharedMemoryName Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source),
        BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
        new(source[12..Size]));
}

/// <summary>
/// Float buffers of one length in memory that two processes of a host see alike. It has no name in any file system
/// (Linux: memfd_create(2), opened by the other process through /proc), so nothing is left of it when its holders end,
/// however they end. It is allocated at once and its size is sealed: nobody it is shared with can take it away. Who uses
/// a buffer when is for the two to agree. Freed when it and every buffer in it have been disposed.
/// </summary>
public sealed unsafe partial class SharedMemory : SafeHandleZeroOrMinusOneIsInvalid
{
    // A page of its own for the mark, so that every buffer begins on one.
    private const int Page = 4096;
    private const int MaxCount = 1 << 16;
    private const string FileName = "nncluster";

    private readonly SafeFileHandle _file;
    private readonly long _stride;

    private SharedMemory(SafeFileHandle file, nint address, SharedMemoryName name, int length)
        : base(ownsHandle: true)
    {
        SetHandle(address);
        _file = file;
        _stride = StrideOf(length);
        Name = name;
        Length = length;
    }

    /// <summary>What to tell the other process.</summary>
    public SharedMemoryName Name { get; }

    /// <summary>Floats in each buffer.</summary>
    public int Length { get; }

    /// <summary>Number of buffers.</summary>
    public int Count => Name.Count;

    /// <summary>Makes zeroed buffers.</summary>
    /// <param name="length">Floats in each.</param>
    /// <param name="count">How many.</param>
    /// <param name="othersWrite">Whether whoever opens it may write to it.</param>
    /// <returns>Null where the system has no such memory to give.</returns>
    public static SharedMemory? Create(int length, int count, bool othersWrite)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!IsPossible)
        {
            return null;
        }

        // Allocated here and not when it is used: memory that is not there then would end the process.
        var file = new SafeFileHandle(CreateFile(FileName, CloseOnExec | AllowSealing), ownsHandle: true);
        long bytes = BytesOf(length, count);
        if (file.IsInvalid || !Allocate(file, bytes) || Map(file, bytes, writable: true) is not { } address)
        {
            file.Dispose();
            return null;
        }

        var memory = new SharedMemory(file, address, new(Environment.ProcessId, (int)file.DangerousGetHandle(), count, Guid.NewGuid()), length);
        memory.Name.Mark.TryWriteBytes(new Span<byte>((void*)address, Page));
        int seals = SealSize | SealSeals | (othersWrite ? 0 : SealFutureWrite);
        if (Control(file, AddSeals, seals) == 0)
        {
            return memory;
        }

        memory.Dispose();
        return null;
    }

    /// <summary>Opens what another process made.</summary>
    /// <param name="name">What that process said.</param>
    /// <param name="length">Floats in each buffer, as both know.</param>
    /// <param name="writable">Whether to write to it.</param>
    /// <returns>Null if there is nothing of that name here, or if this process may not have it.</returns>
    public static SharedMemory? Open(SharedMemoryName name, int length, bool writable)
    {
        if (!IsPossible || name is not { Process: > 0, Descriptor: >= 0, Count: > 0 and <= MaxCount })
        {
            return null;
        }

        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{name.Process}/fd/{name.Descriptor}");
        SafeFileHandle file;
        try
        {
            // On another host, or in another name space, the number may mean anything; opening a pipe would wait.
            if (new FileInfo(path).LinkTarget is not { } target || !target.StartsWith($"/memfd:{FileName}", StringComparison.Ordinal))
            {
                return null;
            }

            file = File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // Only what is sealed stays as large as it is now: touching what has been cut off would end this process.
        long bytes = BytesOf(length, name.Count);
        int seals = Control(file, GetSeals, 0);
        if (seals < 0 || (seals & SealSize) != SealSize || RandomAccess.GetLength(file) != bytes || Map(file, bytes, writable) is not { } address)
        {
            file.Dispose();
            return null;
        }

        var memory = new SharedMemory(file, address, name, length);
        memory.Hide();
        if (new Guid(new ReadOnlySpan<byte>((void*)address, 16)) == name.Mark)
        {
            return memory;
        }

        memory.Dispose();
        return null;
    }

    /// <summary>From here on nobody can open it; who has opened it keeps it.</summary>
    public void Hide() => _file.Dispose();

    /// <summary>A view of one buffer, which keeps the memory until it is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public AlignedBuffer BufferAt(int place)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
        bool held = false;
        DangerousAddRef(ref held);
        return new(this, place, (float*)(handle + Page + (place * (nint)_stride)));
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        int unmapped = Unmap(handle, (nuint)BytesOf(Length, Count));
        _file.Dispose();
        return unmapped == 0;
    }

    // A long is no off_t in 32 bits.
    private static bool IsPossible => OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    private static long StrideOf(int length) => (((long)length * sizeof(float)) + AlignedBuffer.Alignment + Page - 1) / Page * Page;

    private static long BytesOf(int length, int count) => Page + (StrideOf(length) * count);

    // The runtime's own signals may interrupt it.
    private static bool Allocate(SafeFileHandle file, long bytes)
    {
        int error;
        do
        {
            error = Allocate(file, 0, bytes);
        }
        while (error == Interrupted);
        return error == 0;
    }

    private static nint? Map(SafeFileHandle file, long bytes, bool writable)
    {
        nint address = Map(0, (nuint)bytes, writable ? ReadAccess | WriteAccess : ReadAccess, MapShared, file, 0);
        return address == -1 ? null : address;
    }

    // Linux, include/uapi/linux: memfd.h, fcntl.h; asm-generic/errno-base.h, mman-common.h.
    private const int Interrupted = 4;
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int GetSeals = 1034;
    private const int SealSeals = 0x01;
    private const int SealSize = 0x02 | 0x04;
    private const int SealFutureWrite = 0x10;
    private const int ReadAccess = 1;
    private const int WriteAccess = 2;
    private const int MapShared = 1;

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int access, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
