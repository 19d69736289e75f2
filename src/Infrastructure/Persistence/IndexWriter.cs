using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Turns what is indexed of a resource into rows, as the plan in the parameter catalogue says.</summary>
internal sealed class IndexWriter(SearchParameterCatalog catalog, IndexExtractor extractor, string? publicBaseUrl = null, bool indexesContent = false)
{
    private readonly string? _base = publicBaseUrl is null ? null : publicBaseUrl.TrimEnd('/') + "/";

    /// <summary>Adds the rows of this resource to the batch and sets the resource's place in time and its patient.</summary>
    public void Write(RowBatch batch, ResourceRow row, Resource resource)
    {
        var values = extractor.Extract(resource);
        row.Rank = values.Rank;
        row.RankHigh = 0;
        row.Patient = (values.Patient ?? LocalPatient(values, resource.TypeName)) is { } patient ? StorageHash.Of(patient) : 0;
        Add(batch, row, values);
        if (FullText.NarrativeOf(resource) is { } narrative)
        {
            batch.Narratives.Add(new WordsRow { Key = row.Key, Words = narrative });
        }

        if (indexesContent && FullText.ContentOf(resource) is { } content)
        {
            batch.Contents.Add(new WordsRow { Key = row.Key, Words = content });
        }

        if (resource is Binary { SecurityContext.Reference: { } context })
        {
            var target = Local(context);
            batch.References.Add(new ReferenceRow
            {
                Key = row.Key,
                Param = SecurityContextCriterion.ParameterId,
                Hash = LocalKey(context) is { } key ? StorageHash.OfReference(key.Type, key.Id) : StorageHash.Of(target),
                TargetType = LocalKey(context) is { } named ? ResourceCatalog.NumberOf(named.Type) : (short)0,
                Rank = row.Rank,
            });
        }

        if (resource is Observation observation && ObservationText.Of(observation) is { } text)
        {
            batch.Tokens.Add(new TokenRow
            {
                Key = row.Key,
                Param = ObservationText.ParameterId,
                Hash = StorageHash.OfOptional(text),
                Rank = row.Rank,
                Patient = row.Patient,
                Code = SearchText.Cut(SearchText.Valid(text)),
            });
        }

        if (resource is Consent consent)
        {
            batch.ConsentRules.AddRange(ConsentRules.Of(consent, row.Key, Local));
        }
    }

    /// <summary>Adds the rows of added parameters of one code alone; all else of the resource stays as it is.</summary>
    public void WriteCustom(RowBatch batch, ResourceRow row, Resource resource, string code) =>
        Add(batch, row, extractor.ExtractCustom(resource, code));

    private void Add(RowBatch batch, ResourceRow row, IndexValues values)
    {
        var ordinals = new Ordinals();
        foreach (var value in values.Tokens)
        {
            batch.Tokens.Add(new TokenRow
            {
                Key = row.Key,
                Param = value.ParameterId,
                Ordinal = ordinals.Next(value.ParameterId),
                Item = value.Item,
                Hash = StorageHash.OfOptional(value.Code),
                System = StorageHash.OfOptional(value.System),
                Rank = row.Rank,
                Patient = catalog.FindById(value.ParameterId) is { IsByPatient: true } ? row.Patient : 0,
                Code = SearchText.Cut(SearchText.Valid(value.Code)),
            });
        }

        foreach (var value in values.References)
        {
            batch.References.Add(new ReferenceRow
            {
                Key = row.Key,
                Param = value.ParameterId,
                Ordinal = ordinals.Next(value.ParameterId),
                Item = value.Item,
                Hash = StorageHash.Of(Local(value.Target)),
                TargetType = ResourceCatalog.IsKnown(value.TargetType) ? ResourceCatalog.NumberOf(value.TargetType!) : (short)0,
                Rank = row.Rank,
            });
        }

        foreach (var value in values.Dates)
        {
            // The timeline is kept in the resource's own row, which every search reads anyway.
            if (catalog.FindById(value.ParameterId) is { IsTimeline: true })
            {
                row.RankHigh = Math.Max(row.RankHigh, value.High);
                continue;
            }

            batch.Dates.Add(new DateRow
            {
                Key = row.Key,
                Param = value.ParameterId,
                Ordinal = ordinals.Next(value.ParameterId),
                Item = value.Item,
                Low = value.Low,
                High = value.High,
            });
        }

        foreach (var value in values.Quantities)
        {
            batch.Quantities.Add(new QuantityRow
            {
                Key = row.Key,
                Param = value.ParameterId,
                Ordinal = ordinals.Next(value.ParameterId),
                Item = value.Item,
                Value = (double)value.Value,
                System = StorageHash.OfOptional(value.System),
                Code = StorageHash.OfOptional(value.Code),
                Unit = StorageHash.OfOptional(value.Unit),
            });
        }

        foreach (var value in values.Strings)
        {
            var text = SearchText.Valid(value.Text);
            var norm = catalog.FindById(value.ParameterId) is { Kind: IndexKind.Uri } ? text : SearchText.Normalize(text);
            var cut = SearchText.Cut(norm);
            batch.Strings.Add(new StringRow
            {
                Key = row.Key,
                Param = value.ParameterId,
                Ordinal = ordinals.Next(value.ParameterId),
                Item = value.Item,
                Norm = cut,
                Rest = cut.Length == norm.Length ? null : norm,
                Text = text,
            });
        }
    }

    /// <summary>
    /// The one patient of a resource that names it by an address under our own base: extraction, which knows no base, takes it for
    /// somebody of another server.
    /// </summary>
    private string? LocalPatient(IndexValues values, string type)
    {
        if (_base is null || !values.References.Exists(value => value.Target.StartsWith(_base, StringComparison.Ordinal)))
        {
            return null;
        }

        var sources = catalog.For(type).Where(parameter => parameter is { Kind: IndexKind.Reference, Code: "patient" or "subject" })
            .SelectMany(parameter => parameter.Sources).Select(source => source.ParameterId).ToHashSet();
        var patients = values.References.Where(value => value.TargetType == "Patient" && sources.Contains(value.ParameterId))
            .Select(value => Local(value.Target)).Distinct().Take(2).ToList();
        return patients is [var one] && one.StartsWith("Patient/", StringComparison.Ordinal) ? one : null;
    }

    /// <summary>The resource of this server that a reference names; null where it names none.</summary>
    public ResourceKey? LocalKey(string reference) =>
        ResourceKey.TryParse(Local(reference), out var key) && ResourceCatalog.IsKnown(key.Type) ? new ResourceKey(key.Type, key.Id) : null;

    /// <summary>An address under our own base names a resource here.</summary>
    private string Local(string target) =>
        _base is not null && target.StartsWith(_base, StringComparison.Ordinal) ? target[_base.Length..] : target;

    /// <summary>Numbers the rows of each parameter; the values of one parameter need not come together.</summary>
    private sealed class Ordinals
    {
        private readonly Dictionary<int, short> _next = [];

        public short Next(int parameterId)
        {
            var ordinal = _next.GetValueOrDefault(parameterId);
            _next[parameterId] = ordinal < short.MaxValue
                ? (short)(ordinal + 1)
                : throw FhirException.Of(
                    HttpStatusCode.UnprocessableEntity,
                    OperationOutcome.IssueType.TooLong,
                    $"The resource has more than {short.MaxValue} values for one search parameter.");
            return ordinal;
        }
    }
}
