namespace TeleFhir.Api.Visits;

/// <summary>Settings of visits.</summary>
internal sealed class VisitOptions
{
    /// <summary>How many may take part in a visit, patient and clinician among them.</summary>
    public int MaxParticipants { get; set; } = 4;

    /// <summary>Whether nobody joins before the patient has an active Consent of category telehealth-visit.</summary>
    public bool RequireConsent { get; set; }

    /// <summary>For how long a room may be empty before the Encounter is on leave.</summary>
    public TimeSpan AwayAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after its end an Appointment counts as missed.</summary>
    public TimeSpan NoShowGrace { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>For how long a recorded visit is kept, counted from its end.</summary>
    public TimeSpan RecordingRetention { get; set; } = TimeSpan.FromDays(3653);

    /// <summary>The OAuth client of the visit page; the embedded authorization server has it registered by itself.</summary>
    public string ClientId { get; set; } = "telefhir-visit";

    public TurnOptions Turn { get; set; } = new();

    public VideoOptions Video { get; set; } = new();

    /// <summary>A relay for media that cannot go directly, for example coturn.</summary>
    internal sealed class TurnOptions
    {
        /// <summary>Its addresses, as <c>turn:host:3478?transport=udp</c>; none means that there is none.</summary>
        public IReadOnlyList<string> Urls { get; set; } = [];

        /// <summary>The secret that it shares (coturn's static-auth-secret).</summary>
        public string? Secret { get; set; }

        /// <summary>How long a credential lives.</summary>
        public TimeSpan Life { get; set; } = TimeSpan.FromHours(2);
    }

    /// <summary>Where media go.</summary>
    internal sealed class VideoOptions
    {
        /// <summary>BuiltIn, Jitsi, LiveKit, Zoom or Static.</summary>
        public string Provider { get; set; } = "BuiltIn";

        /// <summary>The address of the provider; of a static link with {room} in it where each visit has its own.</summary>
        public string? Url { get; set; }

        /// <summary>The application's id (Jitsi), API key (LiveKit) or SDK key (Zoom).</summary>
        public string? AppId { get; set; }

        /// <summary>The application's secret.</summary>
        public string? Secret { get; set; }

        /// <summary>The subject of Jitsi's tokens: the domain, or * for all.</summary>
        public string? Domain { get; set; }
    }

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxParticipants is < 2 or > 50)
        {
            yield return "Visits:MaxParticipants must be 2 to 50.";
        }

        if (RecordingRetention <= TimeSpan.Zero)
        {
            yield return "Visits:RecordingRetention must be longer than nothing.";
        }

        if (AwayAfter <= TimeSpan.Zero)
        {
            yield return "Visits:AwayAfter must be longer than nothing.";
        }

        if (Turn.Urls.Count > 0 && (string.IsNullOrEmpty(Turn.Secret) || Turn.Life < TimeSpan.FromMinutes(1)))
        {
            yield return "Visits:Turn:Urls needs Visits:Turn:Secret, and Visits:Turn:Life of a minute or more.";
        }

        if (Turn.Urls.Any(url => !url.StartsWith("turn:", StringComparison.Ordinal) && !url.StartsWith("turns:", StringComparison.Ordinal) && !url.StartsWith("stun:", StringComparison.Ordinal)))
        {
            yield return "Visits:Turn:Urls must start with turn:, turns: or stun:.";
        }

        if (Video.Provider is not ("BuiltIn" or "Jitsi" or "LiveKit" or "Zoom" or "Static"))
        {
            yield return "Visits:Video:Provider must be BuiltIn, Jitsi, LiveKit, Zoom or Static.";
        }
        else if (Video.Provider != "BuiltIn" && !Uri.TryCreate(Video.Url?.Replace("{room}", "room", StringComparison.Ordinal), UriKind.Absolute, out _))
        {
            yield return $"Visits:Video:Url must be the address of {Video.Provider}.";
        }
        else if (Video.Provider is "Jitsi" or "LiveKit" or "Zoom" && (string.IsNullOrEmpty(Video.AppId) || Video.Secret is not { Length: >= 32 }))
        {
            yield return $"{Video.Provider} needs Visits:Video:AppId, and Visits:Video:Secret of 32 characters or more.";
        }
    }
}
