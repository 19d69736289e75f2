using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Access;

public sealed class CallerDocumentTests
{
    [Fact]
    public void What_is_read_is_what_was_written_in_every_property()
    {
        var caller = Caller.User("u-1", "app") with
        {
            FhirUser = new ResourceKey("Practitioner", "lee"),
            Patient = "amy",
            TokenId = "jti-1",
            AuthorizationId = "grant-1",
            Encounter = "visit",
            Scopes = SmartScope.ParseAll("patient/*.rs user/Observation.cruds?category=http://x|vital-signs"),
            IsAdministrator = true,
            Clearance = Confidentiality.Unrestricted,
            EmergencyPatients = ["ben", "eve"],
        };

        var read = CallerDocument.Read(CallerDocument.Write(caller));

        foreach (var property in typeof(Caller).GetProperties().Where(property => !property.GetMethod!.IsStatic))
        {
            var (written, found) = (property.GetValue(caller), property.GetValue(read));

            // A property that has no value here would be forgotten without anyone noticing.
            Assert.False(written is null or "", property.Name);
            Assert.Equivalent(written, found);
        }
    }

    [Fact]
    public void Every_kind_of_caller_stays_what_it_is()
    {
        foreach (var caller in new[] { Caller.Anonymous, Caller.Development, Caller.Client("backend") })
        {
            var read = CallerDocument.Read(CallerDocument.Write(caller));
            Assert.Equal((caller.Kind, caller.Name, caller.ClientId, caller.Clearance), (read.Kind, read.Name, read.ClientId, read.Clearance));
        }

        // The server itself sees everything and asks for nothing that is answered later.
        Assert.Equal(CallerKind.Anonymous, CallerDocument.Read(CallerDocument.Write(Caller.System("worker"))).Kind);
    }
}
