namespace TeleFhir.Domain.Fhir;

/// <summary>Who asks for a change of status, least power first: what one may, all after it may.</summary>
public enum TransitionAuthority
{
    /// <summary>Whoever may write the resource, a patient among them.</summary>
    Anyone,

    /// <summary>A caller with staff scope.</summary>
    Staff,

    /// <summary>The server itself: an operation or a job, never a plain write.</summary>
    Server,
}
