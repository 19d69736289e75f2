using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>Which changes are for whom, whatever they are called.</summary>
public sealed class VisibilityTests
{
    private static readonly Visibility _visibility = new(
        SearchParameterCatalog.R4,
        new SearchQueryParser(SearchParameterCatalog.R4, new SearchLimits(), "http://localhost/fhir", TimeProvider.System),
        UserPolicy.Organization,
        TimeProvider.System);

    public static TheoryData<Interaction> Changes => [Interaction.Create, Interaction.Update, Interaction.Patch, Interaction.Delete];

    [Theory, MemberData(nameof(Changes))]
    public void A_patient_changes_nothing_that_is_everybodys(Interaction change)
    {
        var patient = By("Patient", "user/*.cruds");

        Assert.True(Visibility.IsNothing(_visibility.Of(patient, change, "Organization")));
        Assert.False(Visibility.IsNothing(_visibility.Of(patient, change, "Observation")));
        Assert.False(Visibility.IsNothing(_visibility.Of(patient, Interaction.Read, "Organization")));
    }

    [Theory, MemberData(nameof(Changes))]
    public void Only_an_administrator_says_who_works_where(Interaction change)
    {
        var clinician = By("Practitioner", "user/*.cruds");

        Assert.True(Visibility.IsNothing(_visibility.Of(clinician, change, "PractitionerRole")));
        Assert.False(Visibility.IsNothing(_visibility.Of(clinician with { IsAdministrator = true }, change, "PractitionerRole")));
    }

    private static Caller By(string type, string scopes) => Caller.User("someone", "app") with
    {
        FhirUser = new ResourceKey(type, "self"),
        Scopes = SmartScope.ParseAll(scopes),
    };
}
