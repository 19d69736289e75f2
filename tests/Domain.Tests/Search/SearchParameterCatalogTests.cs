using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using SearchParameter = TeleFhir.Domain.Search.SearchParameter;

namespace TeleFhir.Domain.Tests.Search;

public sealed class SearchParameterCatalogTests
{
    private static readonly SearchParameterCatalog _catalog = SearchParameterCatalog.R4;

    private static IEnumerable<SearchParameter> All => ResourceCatalog.Types.SelectMany(type => _catalog.For(type));

    [Fact]
    public void Every_published_parameter_is_there_but_the_narrative_and_the_special_one()
    {
        var published = ModelInfo.SearchParameters.Select(definition => $"{definition.Resource}.{definition.Code}");
        var ours = All.Where(parameter => parameter.Code[0] != '_').Select(parameter => $"{parameter.ResourceType}.{parameter.Code}");
        Assert.Equal(["DomainResource._text", "Location.near"], published.Except(ours).Order(StringComparer.Ordinal));
        Assert.Empty(ours.Except(published));
    }

    [Fact]
    public void Every_type_has_the_common_parameters()
    {
        (string, IndexKind, SearchParamType)[] common =
        [
            ("_id", IndexKind.Id, SearchParamType.Token),
            ("_lastUpdated", IndexKind.LastUpdated, SearchParamType.Date),
            ("_profile", IndexKind.Uri, SearchParamType.Uri),
            ("_security", IndexKind.Token, SearchParamType.Token),
            ("_source", IndexKind.Uri, SearchParamType.Uri),
            ("_tag", IndexKind.Token, SearchParamType.Token),
        ];
        Assert.All(ResourceCatalog.Types, type => Assert.Equal(
            common,
            _catalog.For(type).Where(one => one.Code[0] == '_').Select(one => (one.Code, one.Kind, one.Type))));
    }

    [Fact]
    public void Parameters_are_found_by_type_and_code_and_by_number()
    {
        var code = _catalog.Find("Observation", "code");
        Assert.NotNull(code);
        Assert.Same(code, _catalog.FindById(code.Id));
        Assert.Null(_catalog.Find("Observation", "Code"));
        Assert.Null(_catalog.Find("Observation", "near"));
        Assert.Empty(_catalog.For("Nothing"));
        Assert.Equal(_catalog.For("Patient").Select(one => one.Code).Order(StringComparer.Ordinal), _catalog.For("Patient").Select(one => one.Code));
    }

    [Fact]
    public void Numbers_are_hashes_of_type_and_code_and_never_collide()
    {
        // XXH32 of "Observation.code" by the reference implementation: rows on disk depend on it.
        Assert.Equal(-1248233627, _catalog.Find("Observation", "code")!.Id);
        var numbers = All.Select(one => one.Id)
            .Concat(ResourceCatalog.Types.SelectMany(type => _catalog.Stored(type)).Select(one => one.Id).Where(id => _catalog.FindById(id) is null))
            .ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
    }

    [Theory]
    [InlineData("Observation", "code", "Observation.code")]
    [InlineData("MedicationRequest", "code", "(MedicationRequest.medication as CodeableConcept)")]
    [InlineData("AllergyIntolerance", "code", "AllergyIntolerance.code | AllergyIntolerance.reaction.substance")]
    [InlineData("Patient", "email", "Patient.telecom.where(system='email')")]
    [InlineData("Patient", "deceased", "Patient.deceased.exists() and Patient.deceased != false")]
    [InlineData("Encounter", "_tag", "Resource.meta.tag")]
    [InlineData("Condition", "patient", "Condition.subject.where(resolve() is Patient)")]
    public void Expressions_keep_only_the_branches_of_the_type(string type, string code, string expression) =>
        Assert.Equal(expression, _catalog.Find(type, code)!.Expression);

    [Theory]
    [InlineData("Observation", "patient", "subject:Patient")]
    [InlineData("Observation", "subject", "subject")]
    [InlineData("Observation", "combo-code", "code + component-code")]
    [InlineData("Observation", "combo-value-quantity", "component-value-quantity + value-quantity")]
    [InlineData("Observation", "combo-value-concept", "component-value-concept + value-concept")]
    [InlineData("Observation", "combo-data-absent-reason", "component-data-absent-reason + data-absent-reason")]
    [InlineData("Appointment", "practitioner", "actor:Practitioner")]
    [InlineData("AuditEvent", "patient", "agent:Patient + entity:Patient")]
    [InlineData("Coverage", "patient", "beneficiary")]
    [InlineData("Patient", "phonetic", "name")]
    [InlineData("Patient", "_id", "")]
    [InlineData("Patient", "_lastUpdated", "")]
    public void Values_that_others_store_are_read_there(string type, string code, string sources) =>
        Assert.Equal(sources, Names(_catalog.Find(type, code)!.Sources));

    [Fact]
    public void Sources_are_always_written()
    {
        var written = ResourceCatalog.Types.SelectMany(type => _catalog.Stored(type)).Select(one => one.Id).ToHashSet();
        Assert.All(All, parameter =>
        {
            Assert.All(parameter.Sources, source => Assert.Contains(source.ParameterId, written));
            Assert.All(parameter.Components.SelectMany(one => one.Sources), source => Assert.Contains(source.ParameterId, written));
            Assert.Equal(parameter.Kind == IndexKind.Composite, parameter.Components.Length > 1);
            Assert.Equal(parameter.Kind is IndexKind.Composite or IndexKind.Id or IndexKind.LastUpdated, parameter.Sources.IsEmpty);
        });
    }

    [Theory]
    [InlineData("Observation", "code-value-quantity", "Token code; Quantity value-quantity")]
    [InlineData("Observation", "code-value-date", "Token code; Date value-date")]
    [InlineData("Observation", "code-value-string", "Token code; String $2")]
    [InlineData("Observation", "component-code-value-quantity", "Token component-code; Quantity component-value-quantity")]
    [InlineData("Observation", "combo-code-value-quantity", "Token code + component-code; Quantity component-value-quantity + value-quantity")]
    [InlineData("Library", "context-type-quantity", "Token context-type; Quantity context-quantity")]
    [InlineData("DocumentReference", "relationship", "Token relation; Reference relatesto")]
    [InlineData("MolecularSequence", "chromosome-variant-coordinate", "Token $1; Quantity variant-start; Quantity variant-end")]
    public void Composites_read_the_rows_of_their_parts(string type, string code, string components)
    {
        var composite = _catalog.Find(type, code)!;
        Assert.Equal(components, string.Join("; ", composite.Components.Select((one, place) => $"{one.Kind} {Part(one, place)}")));

        string Part(CompositeComponent component, int place) =>
            component.Sources is [var only] && only.ParameterId == CatalogType.IdOf(type, $"{code}${place + 1}")
                ? $"${place + 1}"
                : Names(component.Sources);
    }

    [Theory]
    [InlineData("Appointment", "date", TimeSpan.TicksPerSecond)]
    [InlineData("Patient", "birthdate", 366 * TimeSpan.TicksPerDay)]
    [InlineData("Encounter", "date", null)]
    [InlineData("Observation", "date", null)]
    [InlineData("Observation", "code", null)]
    public void The_longest_value_of_a_date_follows_from_its_types(string type, string code, long? ticks) =>
        Assert.Equal(ticks, _catalog.Find(type, code)!.LongestRange);

    [Fact]
    public void Each_type_has_at_most_one_timeline_and_each_plan_entry_names_a_parameter()
    {
        Assert.All(ResourceCatalog.Types, type => Assert.True(_catalog.For(type).Count(one => one.IsTimeline) <= 1, type));
        Assert.All(IndexPlan.Timelines, entry => Assert.True(_catalog.Find(entry.Key, entry.Value)?.IsTimeline, entry.Key));
        Assert.Equal(IndexPlan.ByPatient.Order(), All.Where(one => one.IsByPatient).Select(one => $"{one.ResourceType}.{one.Code}").Order());
        Assert.True(_catalog.Find("Observation", "date")!.IsTimeline);
        Assert.DoesNotContain(_catalog.For("Coverage"), one => one.IsTimeline);
    }

    [Fact]
    public void No_R4_expression_needs_the_SDKs_engine() =>
        Assert.All(ResourceCatalog.Types.SelectMany(type => _catalog.Stored(type)), stored => Assert.NotEmpty(stored.Branches));

    [Fact]
    public void Every_parameter_has_an_address_and_one_line_of_description() => Assert.All(All, parameter =>
    {
        Assert.StartsWith("http://hl7.org/fhir/SearchParameter/", parameter.Url, StringComparison.Ordinal);
        Assert.NotEmpty(parameter.Description);
        Assert.DoesNotContain('\n', parameter.Description);
    });

    [Fact]
    public void Targets_are_R4_types()
    {
        Assert.Equal(["Device", "Group", "Location", "Patient"], _catalog.Find("Observation", "subject")!.Targets);
        Assert.All(All.SelectMany(one => one.Targets), target => Assert.True(ResourceCatalog.IsKnown(target), target));
    }

    private static string Names(IEnumerable<IndexSource> sources) => string.Join(" + ", sources.Select(source =>
        _catalog.FindById(source.ParameterId)!.Code + (source.TargetType is null ? "" : $":{source.TargetType}")));
}
