from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name=name,
            name="told_at",
            field=models.JSONField(blank=True, default=dict, help_text="When a source last told of each field."),
        )
        for name in ("account", "contact")
    ]
