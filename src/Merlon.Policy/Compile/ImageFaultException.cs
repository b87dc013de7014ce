namespace Merlon.Policy.Compile;

/// <summary>An image points outside itself: the kernel drops (reason image-fault).</summary>
public sealed class ImageFaultException() : Exception("the image points outside itself");
