namespace TeleFhir.Api.Fhir;

/// <summary>Says of an endpoint that its answer may come later, where the request wishes that (<see cref="Preferences.IsAsync"/>).</summary>
/// <param name="Writes">Whether it may write, so that what a dead server began must not be begun again.</param>
internal sealed record AsyncOffer(bool Writes);

/// <summary>Offers it on endpoints.</summary>
internal static class AsyncOffers
{
    public static TBuilder MayRespondAsync<TBuilder>(this TBuilder builder, bool writes = false)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AsyncOffer(writes));
}
