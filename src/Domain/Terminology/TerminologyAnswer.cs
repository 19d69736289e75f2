using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary>What a terminology operation answers.</summary>
/// <param name="Resource">The answer: a ValueSet with its expansion, or Parameters.</param>
/// <param name="Source">The stored definition that it was made from; null where that is one of R4 or came with the request.</param>
public sealed record TerminologyAnswer(Resource Resource, StoredResource? Source);
