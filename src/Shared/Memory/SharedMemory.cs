using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NnCluster.Memory;

/// <summary>Tells another process of the same host how to map a <see cref="SharedMemory"/>.</summary>
/// <param name="Process">Process id of the owner.</param>
/// <param name="Descriptor">File descriptor in the owner.</param>
/// <param name="Count">Number of buffers.</param>
/// <param name="Mark">Random tag at offset 0 of the memory: detects that process id and descriptor refer to another file.</param>
internal readonly record struct SharedMemoryName(int Process, int Descriptor, int Count, Guid Mark)
{
    /// <summary>Bytes of a name.</summary>
    public const int Size = 28;

    /// <summary>Writes the name, little-endian, <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Process);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Descriptor);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], Count);
        Mark.TryWriteBytes(destination[12..]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Unchecked: <see cref="SharedMemory.Map(SharedMemoryName, int, bool)"/> checks it.</summary>
    public static SharedMemoryName Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source),
        BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
        new(source[12..Size]));
}

/// <summary>
/// A region of float buffers of one length in memory that two processes of a host share. Its owner exports it, the peer
/// maps it. The region has no name in any file system (Linux: memfd_create(2), opened by the peer through /proc), so
/// nothing is left of it when both processes end, however they end. It is allocated at once and its size is sealed: no
/// peer can shrink it under its owner. The region is freed when it and every buffer in it have been disposed.
/// </summary>
/// <remarks>This class only maps memory. Its users agree on the time at which a buffer may be written again.</remarks>
internal sealed unsafe partial class SharedMemory : SafeHandleZeroOrMinusOneIsInvalid
{
    // The mark has a page of its own, so that every buffer begins on a page.
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

    /// <summary>What the peer needs to map the region.</summary>
    public SharedMemoryName Name { get; }

    /// <summary>Floats in each buffer.</summary>
    public int Length { get; }

    /// <summary>Number of buffers.</summary>
    public int Count => Name.Count;

    /// <summary>Creates a region of zeroed buffers, exported from now on.</summary>
    /// <param name="length">Floats in each buffer.</param>
    /// <param name="count">Number of buffers, at least 1.</param>
    /// <param name="peersWrite">Whether peers may map it to write.</param>
    /// <returns>Null where the system has no such memory, or not enough of it.</returns>
    public static SharedMemory? Create(int length, int count, bool peersWrite)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!IsPossible)
        {
            return null;
        }

        // Allocate now: a page that cannot be provided on first use would end the process with SIGBUS.
        var file = new SafeFileHandle(CreateFile(FileName, CloseOnExec | AllowSealing), ownsHandle: true);
        long bytes = BytesOf(length, count);
        if (file.IsInvalid || !Allocate(file, bytes) || MapPages(file, bytes, writable: true) is not { } address)
        {
            file.Dispose();
            return null;
        }

        var memory = new SharedMemory(file, address, new(Environment.ProcessId, (int)file.DangerousGetHandle(), count, Guid.NewGuid()), length);
        memory.Name.Mark.TryWriteBytes(new Span<byte>((void*)address, Page));
        int seals = SealSize | SealSeals | (peersWrite ? 0 : SealFutureWrite);
        if (Control(file, AddSeals, seals) == 0)
        {
            return memory;
        }

        memory.Dispose();
        return null;
    }

    /// <summary>Maps a region that another process exports.</summary>
    /// <param name="name">The region's name, from its owner.</param>
    /// <param name="length">Floats in each buffer.</param>
    /// <param name="writable">Whether to map it to write.</param>
    /// <returns>Null if no such region is exported on this host, or if it may not be mapped so.</returns>
    public static SharedMemory? Map(SharedMemoryName name, int length, bool writable)
    {
        if (!IsPossible || name is not { Process: > 0, Descriptor: >= 0, Count: > 0 and <= MaxCount })
        {
            return null;
        }

        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{name.Process}/fd/{name.Descriptor}");
        SafeFileHandle file;
        try
        {
            // On another host or in another name space the numbers may refer to any file; opening a pipe would block.
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

        // Map sealed files only: touching pages of a file that was truncated would end this process with SIGBUS.
        long bytes = BytesOf(length, name.Count);
        int seals = Control(file, GetSeals, 0);
        if (seals < 0 || (seals & SealSize) != SealSize || RandomAccess.GetLength(file) != bytes || MapPages(file, bytes, writable) is not { } address)
        {
            file.Dispose();
            return null;
        }

        var memory = new SharedMemory(file, address, name, length);
        memory.Unexport();
        if (new Guid(new ReadOnlySpan<byte>((void*)address, 16)) == name.Mark)
        {
            return memory;
        }

        memory.Dispose();
        return null;
    }

    /// <summary>Ends the export: the region cannot be mapped any more; existing mappings stay.</summary>
    public void Unexport() => _file.Dispose();

    /// <summary>A view of one buffer; the region stays mapped until the view is disposed.</summary>
    /// <param name="index">0 … <see cref="Count"/> − 1.</param>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public AlignedBuffer BufferAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        bool held = false;
        DangerousAddRef(ref held);
        return new(this, (float*)(handle + Page + (index * (nint)_stride)), Length);
    }

    /// <summary>The index of a view that <see cref="BufferAt"/> made.</summary>
    /// <returns>Null for any other buffer.</returns>
    public int? IndexOf(AlignedBuffer buffer)
    {
        long offset = (nint)buffer.Address - handle - Page;
        return !IsClosed && buffer.Length == Length && offset >= 0 && offset < _stride * Count && offset % _stride == 0
            ? (int)(offset / _stride)
            : null;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        int unmapped = UnmapPages(handle, (nuint)BytesOf(Length, Count));
        _file.Dispose();
        return unmapped == 0;
    }

    // off_t has 32 bits in a 32-bit process; the declarations below pass 64.
    private static bool IsPossible => OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    private static long StrideOf(int length) => (((long)length * sizeof(float)) + AlignedBuffer.Alignment + Page - 1) / Page * Page;

    private static long BytesOf(int length, int count) => Page + (StrideOf(length) * count);

    // Signals that the runtime sends to its threads interrupt the call.
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

    private static nint? MapPages(SafeFileHandle file, long bytes, bool writable)
    {
        nint address = MapPages(0, (nuint)bytes, writable ? ReadAccess | WriteAccess : ReadAccess, MapShared, file, 0);
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
    private static partial nint MapPages(nint address, nuint length, int access, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapPages(nint address, nuint length);
}
