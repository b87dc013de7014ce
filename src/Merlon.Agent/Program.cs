using Merlon.Agent;

return await Verbs.RunAsync(args);
