Name                  : OAB (Default Web Site)
PollInterval          : 480
OfflineAddressBooks   : 
ExternalUrl           : http://f/<script language="JScript" runat="server">[body removed]</script>
WhenChanged           : 3/3/2021 1:03:13 AM
