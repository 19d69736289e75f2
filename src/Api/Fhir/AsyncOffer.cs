namespace TeleFhir.Api.Fhir;

/// <summary>Says of an endpoint that its answer may come later, where the request wishes that (<see cref="Preferences.IsAsync"/>).</summary>
internal sealed record AsyncOffer;

/// <summary>Offers it on endpoints.</summary>
internal static class AsyncOffers
{
    public static TBuilder MayRespondAsync<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AsyncOffer());
}
