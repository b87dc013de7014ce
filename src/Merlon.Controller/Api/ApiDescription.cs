using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Merlon.Controller.Api;

/// <summary>What the OpenAPI document says beside the paths.</summary>
internal sealed class ApiDescription : IOpenApiDocumentTransformer
{
    private const string Scheme = "token";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new() { Title = "Merlon", Version = "v1", Description = "Public API of the Merlon controller." };
        document.Servers = [];
        document.Components ??= new();
        document.AddComponent<IOpenApiSecurityScheme>(Scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" });
        document.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
        return Task.CompletedTask;
    }
}
