using Merlon.Cli;

return await MerlonCommand.Run(args, new CallConfiguration());
