using System.Text.Json;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Async;

/// <summary>A request without its content, as it is kept until it is run.</summary>
internal sealed record AsyncRequestHead
{
    public required string Method { get; init; }

    public required string Path { get; init; }

    public required string Query { get; init; }

    /// <summary>The media type of the content as kept: what came as XML or compressed is plain JSON by now; null where there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The Prefer header as sent.</summary>
    public string? Prefer { get; init; }

    /// <summary>The caller as <see cref="CallerDocument"/> writes it.</summary>
    public required string Caller { get; init; }

    public string? RemoteAddress { get; init; }

    /// <summary>The id under which the request is logged and audited.</summary>
    public required string RequestId { get; init; }

    public string Write() => JsonSerializer.Serialize(this);

    public static AsyncRequestHead Read(string text) => JsonSerializer.Deserialize<AsyncRequestHead>(text)!;
}

/// <summary>Status and headers of an answer, as they are kept until it is fetched.</summary>
internal sealed record AsyncAnswerHead(int Status)
{
    public string? Location { get; init; }

    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public string Write() => JsonSerializer.Serialize(this);

    public static AsyncAnswerHead Read(string text) => JsonSerializer.Deserialize<AsyncAnswerHead>(text)!;
}
