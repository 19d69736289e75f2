using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Subscriptions;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Of many who subscribed, a change comes to those whom it may concern.</summary>
public sealed class ListenersTests
{
    private const int Others = 1000;

    private static readonly long _amy = StorageHash.OfReference("Patient", "amy");

    [Fact]
    public async Task A_change_comes_to_those_of_its_patient_and_to_those_who_named_none()
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        var rules = store.Services.GetRequiredService<SubscriptionRules>();
        var visibility = store.Services.GetRequiredService<Visibility>();
        var everything = Caller.Client("ehr") with { Scopes = SmartScope.ParseAll("system/*.cruds") };
        Caller Patient(string id) => Caller.User("user", "phone") with { Scopes = SmartScope.ParseAll("patient/*.rs"), Patient = id, FhirUser = new ResourceKey("Patient", id) };
        Listener Listener(string id, string filter, Caller owner)
        {
            var conditions = rules.Conditions("Observation", filter);
            return new Listener(
                new SubscriptionRow { Id = id }, owner, new SubscriptionPlan { Type = "Observation", Filter = filter }, null, conditions,
                Subscriptions.Listener.AnchorOf([.. conditions, .. visibility.Of(owner, Interaction.Read, "Observation")]));
        }

        var listeners = new Listeners();
        List<Listener> all =
        [
            Listener("named", "patient=Patient/amy&status=final", everything),
            Listener("either", "subject=Patient/amy,Patient/ben", everything),
            Listener("own", "status=final", Patient("amy")),
            Listener("all", "status=final", everything),
            Listener("not", "status:not=amended", everything),
            .. Enumerable.Range(0, Others).Select(n => Listener($"other-{n}", n % 2 == 0 ? $"patient=Patient/p{n}" : "", n % 2 == 0 ? everything : Patient($"p{n}"))),
        ];
        all.ForEach(listeners.Set);

        var audience = Assert.Single(listeners.Of("Observation"));
        Assert.Equal(["all", "either", "named", "not", "own"], audience.Concerned([_amy, 42]).Select(listener => listener.Row.Id).Order(StringComparer.Ordinal));
        Assert.Equal(["all", "not"], audience.Concerned([]).Select(listener => listener.Row.Id).Order(StringComparer.Ordinal));
        Assert.True(listeners.Watch("Observation"));
        Assert.False(listeners.Watch("Encounter"));

        all.ForEach(listener => listeners.Remove(listener.Row.Id));
        Assert.True(listeners.IsEmpty);
        Assert.False(listeners.Watch("Observation"));
    }
}
