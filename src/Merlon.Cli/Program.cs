using Merlon.Cli;

return await MerlonCommand.Create().Parse(args).InvokeAsync(new CallConfiguration());
